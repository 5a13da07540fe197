# Seiten der Behandelnden.

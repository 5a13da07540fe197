# Seiten der Verwaltung.

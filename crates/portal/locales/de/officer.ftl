# Seiten des Datenschutzes.

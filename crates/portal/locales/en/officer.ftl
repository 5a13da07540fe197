# Pages of officer.

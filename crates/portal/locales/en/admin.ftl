# Pages of admin.

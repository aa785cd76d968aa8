"""For a machine without servers: setup (bootstrap), PostgreSQL and Valkey (servers), a launcher (run)."""

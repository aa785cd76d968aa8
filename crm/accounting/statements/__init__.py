"""Bank statements: from a bank's file to entries, to proposals, to payments."""

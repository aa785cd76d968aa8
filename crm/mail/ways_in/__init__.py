"""How mail comes in beside files and pipes: mailboxes that are emptied (IMAP), a server that takes it (SMTP, LMTP)."""

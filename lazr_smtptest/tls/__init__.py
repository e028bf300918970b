"""TLS contexts, certificates and keys, for every protocol that encrypts."""

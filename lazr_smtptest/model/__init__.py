"""Records of mail: envelopes, sessions, transcripts, replies. Nothing here does I/O."""

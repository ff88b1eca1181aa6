-- What a list of documents tells of each, so that it needs no bytes. SHA-1 is not PostgreSQL's: of documents of before, and of
-- those that the release before this one takes, it is reckoned when it is asked for.
ALTER TABLE document_that_came ADD COLUMN size integer, ADD COLUMN sha1 bytea, ADD COLUMN sha256 bytea;

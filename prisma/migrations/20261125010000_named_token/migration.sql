-- Whoever holds a firewall's token may learn whose it is: that is how a gateway finds the tenant of a token that another
-- gateway issued. Only the hash of the token is stored and named, and only the row that was named is seen.
CREATE INDEX "enforcement_token_token_hash_idx" ON "enforcement_token" ("token_hash");
CREATE POLICY named_token ON enforcement_token FOR SELECT
    USING (token_hash = nullif(current_setting('app.token_hash', true), ''));

-- What is older than a customer's retention is found by block, not by reading a month: rows come in order of time.
CREATE INDEX "session_history_effective_at_idx" ON "session_history" USING BRIN ("effective_at");

-- Drops the months that no customer may keep any longer (at most a year is kept). Only the owner can run it; see
-- history.ensure_session_history_partitions. Returns how many were dropped.
CREATE FUNCTION history.drop_session_history_partitions(months_kept integer) RETURNS integer
    LANGUAGE plpgsql SECURITY INVOKER AS $$
DECLARE
    oldest text := to_char(date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => months_kept), 'YYYY_MM');
    name text;
    dropped integer := 0;
BEGIN
    IF months_kept < 12 THEN
        RAISE EXCEPTION 'a customer may keep a year of history: % months are too few', months_kept;
    END IF;
    FOR name IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'public.session_history'::regclass
          AND c.relname ~ '^session_history_\d{4}_\d{2}$' AND right(c.relname, 7) < oldest
    LOOP
        EXECUTE format('DROP TABLE history.%I', name);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;
REVOKE ALL ON FUNCTION history.drop_session_history_partitions(integer) FROM PUBLIC;

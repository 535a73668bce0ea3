-- clock: what time it is for the engine.
--
-- Always the database's time, never a JVM's. A test may set `pgflow.clock_offset` (an interval) to move it, or
-- `pgflow.clock_at` (a time) to make it stand, in each session that is to see it so. Nothing else sets
-- them. They change what the calls of their own session see, and what those write, like a wrong argument would.

create or replace function pgflow.clock()
returns timestamptz
language sql
volatile
as $$
    select coalesce(
        nullif(pg_catalog.current_setting('pgflow.clock_at', true), '')::timestamptz,
        pg_catalog.clock_timestamp()
            + coalesce(nullif(pg_catalog.current_setting('pgflow.clock_offset', true), ''), '0')::interval);
$$;

-- schema_version: which generation of tables and functions this is. A library refuses to work with one
-- that it does not know.

create or replace function pgflow.schema_version()
returns int
language sql
immutable
as $$
    select 1;
$$;

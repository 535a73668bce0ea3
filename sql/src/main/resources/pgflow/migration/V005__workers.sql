-- Who works: one row a worker, kept alive by its heartbeat. A worker that stops beating for longer than
-- `expires_after` is lost, and any other process hands its tasks on (expire_workers).

create table pgflow.workers (
    worker_id      int generated always as identity primary key,
    name           text not null,
    queues         text[] not null,
    handlers       text[] not null,
    expires_after  interval not null,
    started_at     timestamptz not null,
    heartbeat_at   timestamptz not null,
    ended_at       timestamptz,
    end_cause      text,
    recovered_at   timestamptz,

    constraint end_cause_is_known check (end_cause in ('retired', 'lost')),
    constraint ended_workers_have_a_cause check ((ended_at is null) = (end_cause is null))
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- Serves upkeep, which asks every second: rows of workers that are alive, or lost and not yet recovered. None
-- of its columns changes with a heartbeat.
create index workers_to_watch on pgflow.workers (worker_id)
where recovered_at is null and end_cause is distinct from 'retired';

comment on column pgflow.workers.recovered_at is 'when the last task that a lost worker held had been handed on';

-- Which tasks a worker claimed: a note for each claim, so that what it holds is found when it is lost (an index on the
-- tasks' worker would cost every claim and every report). Its heartbeat condenses the notes to what it still runs; a
-- note may name tasks that have ended.
create table pgflow.claims (
    claim_id   bigint generated always as identity,
    worker_id  int not null,
    run_ids    uuid[] not null,
    steps      smallint[] not null,
    items      int[] not null,

    primary key (worker_id, claim_id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

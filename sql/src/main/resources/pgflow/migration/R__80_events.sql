-- event_page: the events after a position, for whoever follows what happens.
--
-- `event_id` is taken when an event is written and becomes visible when its transaction commits, so an
-- event may turn up below one that was read before. The reader therefore keeps the ids it did not see
-- (gaps) and passes them: events that have turned up in them come too. A gap is settled, its ids never to
-- come, once a page that looked into it says that `oldest_running` has reached the `next_transaction` of the
-- page in which it was first seen.
--
-- For a page with new gaps, `next_transaction` is a number that this transaction takes for itself: whoever took
-- one of the missing ids has a lower one. (The snapshot's own end would not do: transactions beyond it may run.)
-- An event is never delivered before its cause: the cause was committed, and has the lower id.
--
-- The first row has no event, only the two transaction numbers.

create or replace function pgflow.event_page(
    p_after  bigint,
    p_gaps   int8multirange,
    p_limit  int
)
returns table (
    event_id          bigint,
    event             text,
    run_id            uuid,
    workflow          text,
    version           int,
    step              text,
    item              int,
    seq               int,
    generation        smallint,
    attempt           smallint,
    fence             int,
    from_state        text,
    to_state          text,
    at                timestamptz,
    worker_id         bigint,
    actor             text,
    detail            jsonb,
    oldest_running    bigint,
    next_transaction  bigint
)
language plpgsql
stable
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
as $$
declare
    v_gaps_seen boolean;
begin
    v_gaps_seen := (
        select count(*) < max(n.event_id) - p_after
        from (
            select e.event_id
            from pgflow.events e
            where e.event_id > p_after
            order by e.event_id
            limit p_limit) n);
    oldest_running := pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text::bigint;
    next_transaction := case
        when v_gaps_seen then pg_catalog.pg_current_xact_id()::text::bigint
        else pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::bigint end;
    return next;

    return query
    with found as (
        (
            select e.*
            from pgflow.events e
            where e.event_id > p_after
            order by e.event_id
            limit p_limit
        )
        union all
        select e.*
        from unnest(p_gaps) g (ids)
        join pgflow.events e on e.event_id >= lower(g.ids) and e.event_id < upper(g.ids)
    )
    select d.event_id, d.event, d.run_id, d.workflow, d.version, d.step, d.item, d.seq, d.generation, d.attempt,
           d.fence, d.from_state, d.to_state, d.at, d.worker_id, d.actor, d.detail, oldest_running, next_transaction
    from found f
    cross join lateral pgflow._describe_event(f) d
    order by d.event_id;
end;
$$;

-- _describe_event: an event in words.

create or replace function pgflow._describe_event(
    p_event  pgflow.events
)
returns table (
    event_id    bigint,
    event       text,
    run_id      uuid,
    workflow    text,
    version     int,
    step        text,
    item        int,
    seq         int,
    generation  smallint,
    attempt     smallint,
    fence       int,
    from_state  text,
    to_state    text,
    at          timestamptz,
    worker_id   bigint,
    actor       text,
    detail      jsonb
)
language sql
stable
rows 1
as $$
    select p_event.event_id, t.event, p_event.run_id, w.name, w.version, s.name, p_event.item, p_event.seq,
           p_event.generation, p_event.attempt, p_event.fence, t.from_state, t.to_state, p_event.at,
           p_event.worker_id, p_event.actor, p_event.detail
    from pgflow.runs r
    join pgflow.workflows w on w.workflow_id = r.workflow_id
    join pgflow.transitions t on t.transition = p_event.transition
    left join pgflow.steps s on s.workflow_id = r.workflow_id and s.step = p_event.step
    where r.run_id = p_event.run_id;
$$;

-- event_position: where the stream of events stands now: a position and the gaps below it, to begin with.

create or replace function pgflow.event_position(
    out last_event_id     bigint,
    out gaps              int8multirange,
    out next_transaction  bigint
)
language plpgsql
stable
set search_path = ''
as $$
begin
    next_transaction := pg_catalog.pg_current_xact_id()::text::bigint;
    last_event_id := coalesce((select max(e.event_id) from pgflow.events e), 0);
    gaps := coalesce((
        select pg_catalog.range_agg(pg_catalog.int8range(p.previous + 1, p.event_id))
        from (
            select e.event_id, lag(e.event_id) over (order by e.event_id) as previous
            from pgflow.events e
            where e.event_id > last_event_id - 100000) p
        where p.event_id > p.previous + 1), '{}');
end;
$$;

-- run_events: the whole history of a run, in the order of cause and effect.

create or replace function pgflow.run_events(
    p_run_id  uuid
)
returns table (
    event_id    bigint,
    event       text,
    run_id      uuid,
    workflow    text,
    version     int,
    step        text,
    item        int,
    seq         int,
    generation  smallint,
    attempt     smallint,
    fence       int,
    from_state  text,
    to_state    text,
    at          timestamptz,
    worker_id   bigint,
    actor       text,
    detail      jsonb
)
language sql
stable
set search_path = ''
as $$
    select d.*
    from pgflow.events e
    cross join lateral pgflow._describe_event(e) d
    where e.run_id = p_run_id
    order by e.event_id;
$$;

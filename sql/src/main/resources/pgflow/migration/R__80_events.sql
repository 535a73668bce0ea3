-- events: every transition of a task or a run, one row each.
--
-- An entry of the audit gives one event, or two where it also tells what happened to the run. The ids of both are
-- derived from the entry, so that they grow along cause and effect: 3 * entry for the start of the run, + 1 for the
-- entry itself, + 2 for the end of the run.

create or replace view pgflow.events as
select a.entry * 3 + 1 as event_id,
       a.entry,
       a.run_id,
       a.at,
       a.worker_id,
       a.output_hash,
       a.item,
       a.seq,
       a.fence,
       a.step,
       a.transition,
       a.generation,
       a.attempt,
       case when a.run_transition is null then a.actor end as actor,
       a.detail
from pgflow.audit a
union all
select a.entry * 3 + case a.run_transition when 102 then 0 else 2 end,
       a.entry,
       a.run_id,
       a.at,
       null,
       null,
       0,
       coalesce(a.run_seq, 1),
       0,
       0::smallint,
       a.run_transition,
       1::smallint,
       0::smallint,
       a.actor,
       null
from pgflow.audit a
where a.run_transition is not null;

-- event_page: the events after a position, for whoever follows what happens.
--
-- A position is an entry of the audit. Its number is taken when it is written and becomes visible when its
-- transaction commits, so an entry may turn up below one that was read before. The reader therefore keeps the
-- numbers it did not see (gaps) and passes them: events that have turned up in them come too. A gap is settled, its
-- entries never to come, once a page that looked into it says that `oldest_running` has reached the
-- `next_transaction` of the page in which it was first seen.
--
-- For a page with new gaps, `next_transaction` is a number that this transaction takes for itself: whoever took
-- one of the missing numbers has a lower one. (The snapshot's own end would not do: transactions beyond it may run.)
-- An event is never delivered before its cause: the cause was committed, and has the lower id.
--
-- p_limit counts entries. The first row has no event, only the two transaction numbers.

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
    entry             bigint,
    oldest_running    bigint,
    next_transaction  bigint
)
language plpgsql
stable
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_gaps_seen boolean;
begin
    v_gaps_seen := (
        select count(*) < max(n.entry) - p_after
        from (
            select a.entry
            from pgflow.audit a
            where a.entry > p_after
            order by a.entry
            limit p_limit) n);
    oldest_running := pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text::bigint;
    next_transaction := case
        when v_gaps_seen then pg_catalog.pg_current_xact_id()::text::bigint
        else pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::bigint end;
    return next;

    return query
    with found as (
        (
            select a.*
            from pgflow.audit a
            where a.entry > p_after
            order by a.entry
            limit p_limit
        )
        union all
        select a.*
        from unnest(p_gaps) g (entries)
        join pgflow.audit a on a.entry >= lower(g.entries) and a.entry < upper(g.entries)
    )
    select d.event_id, d.event, d.run_id, d.workflow, d.version, d.step, d.item, d.seq, d.generation, d.attempt,
           d.fence, d.from_state, d.to_state, d.at, d.worker_id, d.actor, d.detail, f.entry, oldest_running,
           next_transaction
    from found f
    cross join lateral pgflow._describe_entry(f) d
    order by d.event_id;
end;
$$;

-- _describe_entry: the events of an entry of the audit, in words; of a run that moved to another version, in those of the version it was of.

create or replace function pgflow._describe_entry(
    p_entry  pgflow.audit
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
rows 2
as $$
    select e.event_id, t.event, p_entry.run_id, w.name, w.version, s.name, e.item, e.seq, e.generation, e.attempt,
           e.fence, t.from_state, t.to_state, p_entry.at, e.worker_id::bigint, e.actor, e.detail
    from (
        values (
                   p_entry.entry * 3 + 1, p_entry.step, p_entry.item, p_entry.seq, p_entry.generation,
                   p_entry.attempt, p_entry.fence, p_entry.transition, p_entry.worker_id,
                   case when p_entry.run_transition is null then p_entry.actor end, p_entry.detail),
               (
                   p_entry.entry * 3 + case p_entry.run_transition when 102 then 0 else 2 end, 0::smallint, 0,
                   coalesce(p_entry.run_seq, 1), 1::smallint, 0::smallint, 0, p_entry.run_transition, null, p_entry.actor, null))
        e (event_id, step, item, seq, generation, attempt, fence, transition, worker_id, actor, detail)
    join pgflow.runs r on r.run_id = p_entry.run_id
    left join lateral (
        select m.workflow_id
        from pgflow.run_moves m
        where m.run_id = p_entry.run_id
          and m.last_entry >= p_entry.entry
        order by m.last_entry
        limit 1) m on true
    join pgflow.workflows w on w.workflow_id = coalesce(m.workflow_id, r.workflow_id)
    join pgflow.transitions t on t.transition = e.transition
    left join pgflow.steps s on s.workflow_id = coalesce(m.workflow_id, r.workflow_id) and s.step = e.step;
$$;

-- event_position: where the stream of events stands now: a position and the gaps below it, to begin with.

create or replace function pgflow.event_position(
    out last_entry        bigint,
    out gaps              int8multirange,
    out next_transaction  bigint
)
language plpgsql
stable
set search_path = ''
as $$
begin
    next_transaction := pg_catalog.pg_current_xact_id()::text::bigint;
    last_entry := coalesce((select max(a.entry) from pgflow.audit a), 0);
    gaps := coalesce((
        select pg_catalog.range_agg(pg_catalog.int8range(p.previous + 1, p.entry))
        from (
            select a.entry, lag(a.entry) over (order by a.entry) as previous
            from pgflow.audit a
            where a.entry > last_entry - 100000) p
        where p.entry > p.previous + 1), '{}');
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
    from pgflow.audit a
    cross join lateral pgflow._describe_entry(a) d
    where a.run_id = p_run_id
    order by d.event_id;
$$;

-- report_progress: what handlers tell while they work: how far they are, and parts of their outputs.
--
-- Arrays are parallel. An entry with a chunk is a part of the output, appended; one without is a report, of which each task keeps the
-- newest. An entry whose fence is no longer the task's is dropped: its position is in the result.
-- Locks: an advisory lock for each run, in order, until the transaction ends; so positions become visible in their order,
-- and readers need not look for gaps. No row of a run or task is locked.

create or replace function pgflow.report_progress(
    p_run_ids    uuid[],
    p_steps      smallint[],
    p_items      int[],
    p_fences     int[],
    p_fractions  double precision[],
    p_messages   text[],
    p_details    jsonb[],
    p_chunks     jsonb[]
)
returns int[]
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_now timestamptz;
    v_kept int[];
begin
    perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('pgflow.report_progress ' || r.run_id, 0))
    from (select distinct u.run_id from unnest(p_run_ids) u (run_id) order by u.run_id) r;
    v_now := pgflow.clock();

    with entry as materialized (
        select e.*, t.attempts
        from unnest(p_run_ids, p_steps, p_items, p_fences, p_fractions, p_messages, p_details, p_chunks)
            with ordinality e (run_id, step, item, fence, fraction, message, detail, chunk, n)
        join pgflow.tasks t on t.run_id = e.run_id and t.step = e.step and t.item = e.item
        where t.fence = e.fence
    ),
    appended as (
        insert into pgflow.task_chunks (run_id, position, at, item, fence, step, attempt, chunk)
        select e.run_id, pg_catalog.nextval('pgflow.progress_position'), v_now, e.item, e.fence, e.step, e.attempts, e.chunk
        from (select * from entry c where c.chunk is not null order by c.n) e
    ),
    reported as (
        insert into pgflow.task_progress (run_id, position, at, item, fence, step, attempt, fraction, message, detail)
        select e.run_id, pg_catalog.nextval('pgflow.progress_position'), v_now, e.item, e.fence, e.step, e.attempts,
               e.fraction, coalesce(e.message, ''), e.detail
        from (
            select distinct on (c.run_id, c.step, c.item) c.*
            from entry c
            where c.chunk is null
            order by c.run_id, c.step, c.item, c.n desc) e
        on conflict (run_id, step, item) do update
        set position = excluded.position,
            at = excluded.at,
            fence = excluded.fence,
            attempt = excluded.attempt,
            fraction = excluded.fraction,
            message = excluded.message,
            detail = excluded.detail
    )
    select array_agg(e.n::int)
    into v_kept
    from entry e;
    return array(
        select n.n
        from pg_catalog.generate_series(1, pg_catalog.cardinality(p_run_ids)) n (n)
        where not n.n = any (coalesce(v_kept, '{}')));
end;
$$;

-- progress_page: what was told of a run after a position, in the order in which it was told; of reports only the newest of
-- each task. `replaced` says that a later attempt has begun meanwhile: what this one told counts no more.

create or replace function pgflow.progress_page(
    p_run_id  uuid,
    p_after   bigint,
    p_limit   int
)
returns table (
    "position"  bigint,
    at          timestamptz,
    step        text,
    item        int,
    attempt     smallint,
    fence       int,
    replaced    boolean,
    fraction    double precision,
    message     text,
    detail      jsonb,
    chunk       jsonb
)
language plpgsql
stable
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    return query
    select e.position, e.at, s.name, e.item, e.attempt, e.fence, t.fence > e.fence, e.fraction, e.message, e.detail, e.chunk
    from (
        (
            select c.run_id, c.position, c.at, c.step, c.item, c.attempt, c.fence, null::double precision as fraction,
                   null::text as message, null::jsonb as detail, c.chunk
            from pgflow.task_chunks c
            where c.run_id = p_run_id
              and c.position > p_after
            order by c.position
            limit p_limit
        )
        union all
        select p.run_id, p.position, p.at, p.step, p.item, p.attempt, p.fence, p.fraction, p.message, p.detail, null
        from pgflow.task_progress p
        where p.run_id = p_run_id
          and p.position > p_after) e
    join pgflow.tasks t on t.run_id = e.run_id and t.step = e.step and t.item = e.item
    join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
    order by e.position
    limit p_limit;
end;
$$;

-- prune_progress: forgets what was told longer ago than p_age, at most p_limit rows of each kind. Returns whether more is left.

create or replace function pgflow.prune_progress(
    p_age    interval default '1 hour',
    p_limit  int default 10000
)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
    v_before timestamptz := pgflow.clock() - p_age;
    v_chunks int;
    v_reports int;
begin
    delete from pgflow.task_chunks c
    where c.ctid = any (array(
        select o.ctid
        from pgflow.task_chunks o
        where o.at < v_before
        order by o.at
        limit p_limit
        for update skip locked));
    get diagnostics v_chunks = row_count;

    delete from pgflow.task_progress p
    where p.ctid = any (array(
        select o.ctid
        from pgflow.task_progress o
        where o.at < v_before
        limit p_limit
        for update skip locked));
    get diagnostics v_reports = row_count;
    return v_chunks = p_limit or v_reports = p_limit;
end;
$$;

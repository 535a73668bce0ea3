-- complete_tasks: a worker reports the outputs of tasks it holds.
--
-- Dependents lose a dependency each; those left with none are scheduled; runs whose last sink ended have
-- succeeded: all in this transaction. Items of maps, and steps with a condition, are only noted (unsettled_steps):
-- when to_settle is true, call settle_steps in a transaction of its own, which counts them off and decides.
--
-- A report whose fence is no longer the task's changes nothing: its position is in `stale`, and it is kept
-- in stale_reports. A report that is repeated, because its answer was lost, is no stale one.
-- Locks: runs that may end, the reported tasks, their dependents, each in order.

create or replace function pgflow.complete_tasks(
    p_worker_id  bigint,
    p_run_ids    uuid[],
    p_steps      smallint[],
    p_items      int[],
    p_fences     int[],
    p_outputs    jsonb[],
    out stale          int[],
    out ended_run_ids  uuid[],
    out woken_queues   text[],
    out to_settle   boolean
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_now timestamptz;
    v_done record;
begin
    perform pgflow._lock_runs_that_may_end(p_run_ids, p_steps, p_items);
    --@pp complete_tasks-runs-locked
    v_now := pgflow.clock();

    with report as (
        select r.run_id, r.step, r.item, r.fence, r.output, r.n::int as n
        from unnest(p_run_ids, p_steps, p_items, p_fences, p_outputs)
            with ordinality r (run_id, step, item, fence, output, n)
        order by r.run_id, r.step, r.item
    ),
    completed as (
        update pgflow.tasks t
        set state = 'SUCCEEDED',
            output = r.output,
            error = null,
            worker_id = null,
            events = t.events + 1
        from report r
        where t.run_id = r.run_id
          and t.step = r.step
          and t.item = r.item
          and t.fence = r.fence
          and t.state = 'RUNNING'
          and t.deferred is null
        returning r.n, t.run_id, t.workflow_id, t.step, t.item, t.fence, t.events, t.generation, t.attempts,
                  pg_catalog.hashtextextended(t.output::text, 0) as output_hash
    )
    select array_agg(c.n) as ns,
           array_agg(c.run_id) as run_ids,
           array_agg(c.step) as steps,
           array_agg(c.item) as items,
           array_agg(c.workflow_id) as workflow_ids,
           array_agg(c.fence) as fences,
           array_agg(c.events) as seqs,
           array_agg(c.generation) as generations,
           array_agg(c.attempts) as attempts,
           array_agg(c.output_hash) as output_hashes,
           coalesce(bool_or(c.item > 0), false) as any_item,
           bool_or(c.item = 0 and s.dependents = '{}') as any_sink,
           bool_or(c.item = 0 and s.dependents <> '{}') as any_parent
    into v_done
    from completed c
    join pgflow.steps s on s.workflow_id = c.workflow_id and s.step = c.step;
    --@pp complete_tasks-tasks-locked

    to_settle := v_done.any_item;
    if v_done.run_ids is not null then
        ended_run_ids := pgflow._audit_completed(v_done, p_worker_id, v_now);
        if v_done.any_item then
            perform pgflow._note_ended_items(v_done.run_ids, v_done.steps, v_done.items);
        end if;
        if v_done.any_parent then
            select d.woken_queues, d.to_settle or v_done.any_item
            into woken_queues, to_settle
            from pgflow._resolve_dependents(v_done.run_ids, v_done.steps, v_done.items, v_done.workflow_ids, v_now) d;
        end if;
    end if;
    if coalesce(pg_catalog.cardinality(v_done.ns), 0) < pg_catalog.cardinality(p_run_ids) then
        stale := pgflow._stale_reports(
            p_worker_id, p_run_ids, p_steps, p_items, p_fences, 'complete', '{6}', v_done.ns, v_now);
    end if;
end;
$$;

-- _audit_completed: the entries of tasks that succeeded, and the end of runs that have no other sink left: the last
-- of a run's tasks carries it, but in later generations of a run, where it has an entry of its own. Returns the runs that ended.

create or replace function pgflow._audit_completed(
    p_done       record,
    p_worker_id  bigint,
    p_now        timestamptz
)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
    v_ended_run_ids uuid[];
    v_positions int[];
    v_seqs int[];
    v_generations smallint[];
    v_run_seqs int[] := pg_catalog.array_fill(null::int, array[pg_catalog.cardinality(p_done.ns)]);
begin
    if p_done.any_sink then
        select e.run_ids, e.positions, e.seqs, e.generations
        into v_ended_run_ids, v_positions, v_seqs, v_generations
        from pgflow._count_off_sinks(p_done.run_ids, p_done.steps, p_done.items, p_done.workflow_ids, p_now) e;
        if pg_catalog.cardinality(v_positions) = pg_catalog.cardinality(p_done.ns) and 1 = all (v_generations) then
            v_run_seqs := v_seqs; -- each of these tasks ends a run
        else
            for i in 1 .. coalesce(pg_catalog.cardinality(v_positions), 0) loop
                if v_generations[i] = 1 then
                    v_run_seqs[v_positions[i]] := v_seqs[i];
                end if;
            end loop;
        end if;
    end if;

    insert into pgflow.audit (
        run_id, at, worker_id, output_hash, item, seq, fence, step, transition, generation, attempt, run_seq,
        run_transition)
    select d.run_id, p_now, p_worker_id, d.output_hash, d.item, d.seq, d.fence, d.step, 6, d.generation, d.attempt,
           d.run_seq, case when d.run_seq is not null then 104 end
    from unnest(p_done.run_ids, p_done.output_hashes, p_done.items, p_done.seqs, p_done.fences, p_done.steps,
                p_done.generations, p_done.attempts, v_run_seqs)
        d (run_id, output_hash, item, seq, fence, step, generation, attempt, run_seq);
    if not 1 = all (v_generations) then
        insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt)
        select r.run_id, p_now, 0, r.seq, 0, 0, 104, r.generation, 0
        from unnest(v_ended_run_ids, v_seqs, v_generations) r (run_id, seq, generation)
        where r.generation > 1;
    end if;
    return v_ended_run_ids;
end;
$$;

-- _note_ended_items: items that ended, for settle_steps to count.

create or replace function pgflow._note_ended_items(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_items    int[]
)
returns void
language plpgsql
set search_path = ''
as $$
begin
    insert into pgflow.unsettled_steps (run_id, step, ended)
    select d.run_id, d.step, count(*)
    from unnest(p_run_ids, p_steps, p_items) d (run_id, step, item)
    where d.item > 0
    group by d.run_id, d.step;
end;
$$;

-- _lock_runs_that_may_end: locks the runs of which a reported task is a sink, in order, before any task:
-- run -> task -> queue is the one order of locks. A run in which a map may open is locked too: whoever ends a
-- run holds its lock while he locks its tasks, and must not find new ones afterwards.

create or replace function pgflow._lock_runs_that_may_end(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_items    int[]
)
returns void
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    perform 1
    from (
        select distinct c.run_id, c.step
        from unnest(p_run_ids, p_steps, p_items) c (run_id, step, item)
        where c.item = 0
        order by c.run_id) c
    join pgflow.runs r on r.run_id = c.run_id
    where ( -- no join: the planner might begin with the steps, and lock in their order
        select s.dependents = '{}' or s.opens_maps
        from pgflow.steps s
        where s.workflow_id = r.workflow_id
          and s.step = c.step)
    for no key update of r;
end;
$$;

-- _end_steps: what follows from step tasks (item 0) that succeeded or were skipped in this transaction:
-- dependents are resolved and runs end.

create or replace function pgflow._end_steps(
    p_run_ids       uuid[],
    p_steps         smallint[],
    p_items         int[],
    p_workflow_ids  bigint[],
    p_now           timestamptz,
    out ended_run_ids  uuid[],
    out woken_queues   text[],
    out to_settle   boolean
)
language plpgsql
set search_path = ''
as $$
declare
    v_ended record;
begin
    select d.woken_queues, d.to_settle
    into woken_queues, to_settle
    from pgflow._resolve_dependents(p_run_ids, p_steps, p_items, p_workflow_ids, p_now) d;

    select e.run_ids, e.seqs, e.generations
    into v_ended
    from pgflow._count_off_sinks(p_run_ids, p_steps, p_items, p_workflow_ids, p_now) e;
    insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt)
    select r.run_id, p_now, 0, r.seq, 0, 0, 104, r.generation, 0
    from unnest(v_ended.run_ids, v_ended.seqs, v_ended.generations) r (run_id, seq, generation);
    ended_run_ids := v_ended.run_ids;
end;
$$;

-- _stale_reports: the positions of reports that did not apply, which are kept as a trace. A repeated report
-- (the history has it, under the same fence) is not stale: its first sending had applied.

create or replace function pgflow._stale_reports(
    p_worker_id  bigint,
    p_run_ids    uuid[],
    p_steps      smallint[],
    p_items      int[],
    p_fences     int[],
    p_report     text,
    p_moves      smallint[],
    p_applied    int[],
    p_now        timestamptz
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
    v_stale int[];
begin
    select array_agg(r.n::int order by r.n)
    into v_stale
    from unnest(p_run_ids, p_steps, p_items, p_fences) with ordinality r (run_id, step, item, fence, n)
    left join pgflow.tasks t on t.run_id = r.run_id and t.step = r.step and t.item = r.item
    where not r.n = any (coalesce(p_applied, '{}'))
      and not (
          coalesce(t.fence >= r.fence, false)
          and exists (
              select
              from pgflow.audit e
              where e.run_id = r.run_id
                and e.step = r.step
                and e.item = r.item
                and e.fence = r.fence
                and e.transition = any (p_moves)));

    insert into pgflow.stale_reports (run_id, step, item, fence, worker_id, report, at)
    select r.run_id, r.step, r.item, r.fence, p_worker_id, p_report, p_now
    from unnest(p_run_ids, p_steps, p_items, p_fences) with ordinality r (run_id, step, item, fence, n)
    where r.n = any (v_stale);
    return v_stale;
end;
$$;

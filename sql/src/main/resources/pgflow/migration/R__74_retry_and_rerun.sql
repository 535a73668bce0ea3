-- retry_runs: runs that failed or were cancelled go on: what failed or was cancelled begins anew in a new generation, with fresh
-- attempts; what succeeded, or was skipped, stays.
--
-- Items of a map that were skipped or succeeded stay as well, and the map opens again for the others. Returns, parallel to the request:
-- retried, or why not: pending, running, succeeded, unknown; undoing or undone when what it did has begun to be undone.
-- Locks: the runs, then their tasks (but for items that ended well), each in order; then the queues.

create or replace function pgflow.retry_runs(
    p_run_ids  uuid[],
    p_actor    text,
    p_reason   text,
    out outcomes      text[],
    out woken_queues  text[],
    out to_settle     boolean
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_now timestamptz;
    v_retried uuid[];
begin
    to_settle := false;
    perform pgflow._lock_whole_runs(p_run_ids);
    --@pp retry_runs-locked
    v_now := pgflow.clock();

    select array_agg(a.run_id) filter (where a.outcome = 'retried'), array_agg(a.outcome order by a.n)
    into v_retried, outcomes
    from (
        select u.run_id, u.n,
               case when r.state in ('FAILED', 'CANCELLED') then coalesce(pgflow._undo_word(r.run_id, r.generation), 'retried')
                    else coalesce(pg_catalog.lower(r.state), 'unknown') end as outcome
        from unnest(p_run_ids) with ordinality u (run_id, n)
        left join pgflow.runs r on r.run_id = u.run_id) a;
    if v_retried is null then
        return;
    end if;

    perform pgflow._restart(v_retried, null, null, null, p_actor, p_reason, v_now);
    select g.woken_queues, g.to_settle
    into woken_queues, to_settle
    from pgflow._go_on(v_retried, v_now) g;
end;
$$;

-- rerun_steps: steps that have ended run again, with all that comes after them, in a new generation; what they gave is kept in
-- past_generations. Maps among them open anew, over the array that there is then. A run that had ended goes on; if it had failed or
-- was cancelled, what failed or was cancelled elsewhere in it begins anew, too, as by retry_runs.
--
-- Nobody may be working on any of these steps. What of them waits for a worker or a retry is taken back. Returns, parallel to the
-- request: rerun, or why not: waiting (the step has not ended, so it runs anyway), running (it, or one that comes after it),
-- pending (its run has not begun), undoing or undone (what the run did has begun to be undone), unknown. Steps of one run are rerun together or not at all.
-- Locks: the runs, then their tasks (but for items that ended well), each in order; then the queues.

create or replace function pgflow.rerun_steps(
    p_run_ids  uuid[],
    p_steps    text[],
    p_actor    text,
    p_reason   text,
    out outcomes      text[],
    out woken_queues  text[],
    out to_settle     boolean
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_now timestamptz;
    v_branch record;
begin
    to_settle := false;
    perform pgflow._lock_whole_runs(p_run_ids);
    --@pp rerun_steps-locked
    v_now := pgflow.clock();
    outcomes := pgflow._rerun_outcomes(p_run_ids, p_steps);

    select array_agg(distinct b.run_id) as run_ids, array_agg(b.run_id) as step_run_ids, array_agg(b.step) as steps
    into v_branch
    from (
        select array_agg(a.run_id) as run_ids, array_agg(s.step) as steps
        from unnest(p_run_ids, p_steps, outcomes) a (run_id, name, outcome)
        join pgflow.runs r on r.run_id = a.run_id
        join pgflow.steps s on s.workflow_id = r.workflow_id and s.name = a.name
        where a.outcome = 'rerun') a
    cross join lateral pgflow._branches(a.run_ids, a.steps) b;
    if v_branch.run_ids is null then
        return;
    end if;

    perform pgflow._restart(v_branch.run_ids, v_branch.step_run_ids, v_branch.steps, null, p_actor, p_reason, v_now);
    select g.woken_queues, g.to_settle
    into woken_queues, to_settle
    from pgflow._go_on(v_branch.run_ids, v_now) g;
end;
$$;

-- _rerun_outcomes: what is to become of each request. The caller locked the runs.

create or replace function pgflow._rerun_outcomes(
    p_run_ids  uuid[],
    p_steps    text[]
)
returns text[]
language plpgsql
stable
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    return array(
        with asked as (
            select a.run_id, a.n,
                   case
                       when s.step is null then 'unknown'
                       when r.state = 'PENDING' then 'pending'
                       when r.state in ('FAILED', 'CANCELLED') and pgflow._undo_word(r.run_id, r.generation) is not null then
                           pgflow._undo_word(r.run_id, r.generation)
                       when exists (
                           select
                           from pgflow._branches(array[a.run_id], array[s.step]) b
                           join pgflow.tasks d on d.run_id = b.run_id and d.step = b.step and d.item = 0
                           where d.state = 'RUNNING') then 'running'
                       when t.state in ('SUCCEEDED', 'FAILED', 'CANCELLED', 'SKIPPED') then 'rerun'
                       else 'waiting'
                   end as outcome
            from unnest(p_run_ids, p_steps) with ordinality a (run_id, name, n)
            left join pgflow.runs r on r.run_id = a.run_id
            left join pgflow.steps s on s.workflow_id = r.workflow_id and s.name = a.name
            left join pgflow.tasks t on t.run_id = a.run_id and t.step = s.step and t.item = 0
        )
        select case
                   when a.outcome = 'rerun' then coalesce((
                       select min(o.outcome)
                       from asked o
                       where o.run_id = a.run_id
                         and o.outcome <> 'rerun'), 'rerun')
                   else a.outcome
               end
        from asked a
        order by a.n);
end;
$$;

-- start_again: a new run of the same version of the same workflow, with the same labels and priority, and with another input when one is
-- given. The old run stays as it is, with its input; run_origins says that the new one came of it.
--
-- The caller chooses the new run's id, so a call whose answer was lost can be repeated. Only of a run that has ended. Returns: started,
-- already started (by an earlier call), or why not: pending, running, unknown; undoing while what it did is to be undone, and for a run
-- that undoes another. Raises PF004 for an input that cannot be mapped over.
-- Locks: the old run (shared); otherwise only rows that it inserts.

create or replace function pgflow.start_again(
    p_run_id      uuid,
    p_new_run_id  uuid,
    p_input       jsonb,
    p_actor       text,
    p_reason      text,
    out outcome       text,
    out woken_queues  text[],
    out to_settle     boolean
)
language plpgsql
set search_path = ''
as $$
declare
    v_origin record;
    v_started record;
begin
    to_settle := false;
    select r.workflow_id, r.state, r.input, r.labels, r.priority, r.ended_at, r.generation
    into v_origin
    from pgflow.runs r
    where r.run_id = p_run_id
    for key share;
    if not found or v_origin.ended_at is null then
        outcome := coalesce(pg_catalog.lower(v_origin.state), 'unknown');
        return;
    end if;
    if pgflow._is_undo_run(p_run_id)
       or pgflow._any_undo_owed(array[p_run_id]) -- asked before the next one, since settle_steps may be about to begin it
       or pgflow._undo_word(p_run_id, v_origin.generation) = 'undoing'
    then
        outcome := 'undoing';
        return;
    end if;

    insert into pgflow.run_origins (run_id, origin_id, at, actor, reason)
    values (p_new_run_id, p_run_id, pgflow.clock(), p_actor, p_reason)
    on conflict do nothing;
    select s.created, s.woken_queues, s.to_settle
    into v_started
    from pgflow.start_runs(
        array[p_new_run_id], array[v_origin.workflow_id::bigint], array[coalesce(p_input, v_origin.input)], null,
        array[v_origin.labels], null, array[v_origin.priority], p_actor) s;
    outcome := case when v_started.created[1] then 'started' else 'already started' end;
    woken_queues := v_started.woken_queues;
    to_settle := v_started.to_settle;
end;
$$;

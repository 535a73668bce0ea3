-- prune_runs: removes runs that ended in one of the states longer ago than p_older_than, whole: with their tasks, their history and
-- whatever else belongs to them.
--
-- It looks at 10 * p_limit runs at most, in the order of their ids, after p_after, and removes p_limit of them at most, and not many more than
-- 20,000 tasks. A run stays while the run that started it, or one that it started, goes on.
-- A run that undoes another one goes with that one, and both stay while the undoing is owed or has not ended so long ago. `go_on_after` is where to go on; null when there are no more runs to look at. Runs that somebody has locked stay.
-- Raises PF004 for a state that is no end.
-- Locks: the runs, in order, skipping the locked ones.

create or replace function pgflow.prune_runs(
    p_states      text[],
    p_older_than  interval,
    p_limit       int default 1000,
    p_after       uuid default null,
    out pruned    int,
    out go_on_after  uuid
)
language plpgsql
set search_path = ''
as $$
begin
    if not coalesce(p_states <@ '{SUCCEEDED,FAILED,CANCELLED}', false) then
        raise exception 'runs in the states % cannot be pruned', coalesce(p_states::text, 'null')
            using errcode = 'PF004', hint = 'Name states in which runs have ended: SUCCEEDED, FAILED, CANCELLED.';
    end if;
    select p.pruned, p.go_on_after
    into pruned, go_on_after
    from pgflow._prune(
        p_states, pg_catalog.array_fill(p_older_than, array[pg_catalog.cardinality(p_states)]), p_limit, p_after) p;
end;
$$;

-- _prune: the same with an age for each state.

create or replace function pgflow._prune(
    p_states  text[],
    p_ages    interval[],
    p_limit   int,
    p_after   uuid,
    out pruned    int,
    out go_on_after  uuid
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_now timestamptz := pgflow.clock();
    v_looked uuid[];
    v_run_ids uuid[];
    v_pruned uuid[];
begin
    v_looked := array(
        select r.run_id
        from pgflow.runs r
        where r.run_id > coalesce(p_after, '00000000-0000-0000-0000-000000000000')
        order by r.run_id
        limit 10 * p_limit);

    select array_agg(d.run_id)
    into v_run_ids
    from (
        select r.run_id
        from unnest(v_looked) u (run_id)
        join pgflow.runs r on r.run_id = u.run_id
        join unnest(p_states, p_ages) a (state, age) on a.state = r.state
        where r.ended_at < v_now - a.age
          and not pgflow._has_unfinished_kin(r.run_id)
          and not pgflow._is_undo_run(r.run_id)
          and pgflow._may_forget_undoing(r.run_id, v_now - a.age)
        order by r.run_id
        limit p_limit
        for update of r skip locked) d;
    v_run_ids := pgflow._within_bounds(v_run_ids);
    v_pruned := pgflow._with_undo_runs(v_run_ids);

    pruned := coalesce(pg_catalog.cardinality(v_pruned), 0);
    if pruned > 0 then
        perform pgflow._forget_runs(v_pruned);
    end if;
    go_on_after := case
        when v_run_ids is not null then v_run_ids[pg_catalog.cardinality(v_run_ids)]
        when pg_catalog.cardinality(v_looked) = 10 * p_limit then v_looked[10 * p_limit] end;
end;
$$;

-- _has_unfinished_kin: a run that it started, or the run that started it, goes on: that one may still tell, or read, how it ended.

create or replace function pgflow._has_unfinished_kin(
    p_run_id  uuid
)
returns boolean
language plpgsql
stable
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    return exists (
            select
            from pgflow.sub_runs s
            join pgflow.runs r on r.run_id = s.child_run_id
            where s.run_id = p_run_id
              and r.ended_at is null)
        or exists (
            select
            from pgflow.sub_runs s
            join pgflow.runs r on r.run_id = s.run_id
            where s.child_run_id = p_run_id
              and r.ended_at is null);
end;
$$;

-- _within_bounds: the first of these runs that have not many more than 20,000 tasks together; one at least.

create or replace function pgflow._within_bounds(
    p_run_ids  uuid[]
)
returns uuid[]
language plpgsql
stable
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    return (
        select array_agg(c.run_id order by c.run_id)
        from (
            select u.run_id, sum(t.tasks) over (order by u.run_id) - t.tasks as tasks_before
            from unnest(p_run_ids) u (run_id)
            cross join lateral (select count(*) as tasks from pgflow.tasks t where t.run_id = u.run_id) t) c
        where c.tasks_before < 20000);
end;
$$;

-- _forget_runs: all rows of runs that have ended, wherever they are. The caller locked the runs.

create or replace function pgflow._forget_runs(
    p_run_ids  uuid[]
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
    delete from pgflow.idempotency_keys k using unnest(p_run_ids) u (run_id) where k.run_id = u.run_id;
    perform pgflow._forget_starts(p_run_ids);
    delete from pgflow.past_generations g using unnest(p_run_ids) u (run_id) where g.run_id = u.run_id;
    delete from pgflow.run_origins o using unnest(p_run_ids) u (run_id) where o.run_id = u.run_id;
    delete from pgflow.run_moves m using unnest(p_run_ids) u (run_id) where m.run_id = u.run_id;
    delete from pgflow.deferrals d using unnest(p_run_ids) u (run_id) where d.run_id = u.run_id;
    perform pgflow._forget_sub_runs(p_run_ids);
    --@pp prune_runs-forgetting
    delete from pgflow.deadlines d using unnest(p_run_ids) u (run_id) where d.run_id = u.run_id;
    delete from pgflow.approvals p using unnest(p_run_ids) u (run_id) where p.run_id = u.run_id;
    delete from pgflow.signals g using unnest(p_run_ids) u (run_id) where g.run_id = u.run_id;
    delete from pgflow.rule_changes c using unnest(p_run_ids) u (run_id) where c.scope = 'run' and c.name = u.run_id::text;
    delete from pgflow.audit a using unnest(p_run_ids) u (run_id) where a.run_id = u.run_id;
    delete from pgflow.tasks t using unnest(p_run_ids) u (run_id) where t.run_id = u.run_id;
    perform pgflow._forget_undos(p_run_ids);
    delete from pgflow.runs r using unnest(p_run_ids) u (run_id) where r.run_id = u.run_id;
end;
$$;

-- _forget_sub_runs: which runs these started, or were started by, and what is still to be told of that. What somebody is at is passed over:
-- who is telling it may wait for these runs, and who prunes the other one of the two takes it away.

create or replace function pgflow._forget_sub_runs(
    p_run_ids  uuid[]
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
    delete from pgflow.unsettled_sub_runs d
    where d.ctid = any (array(
        select n.ctid
        from unnest(p_run_ids) u (run_id)
        join pgflow.unsettled_sub_runs n on n.run_id = u.run_id
        for update of n skip locked));

    delete from pgflow.sub_runs d
    where d.child_run_id = any (array(
        select s.child_run_id
        from (
            select c.child_run_id
            from unnest(p_run_ids) u (run_id)
            join pgflow.sub_runs c on c.run_id = u.run_id
            union
            select u.run_id
            from unnest(p_run_ids) u (run_id)) k
        join pgflow.sub_runs s on s.child_run_id = k.child_run_id
        for update of s skip locked));
end;
$$;

-- prune_due: what a process with settings for retention calls now and then: removes a batch, when it is time and nobody else is at it.
--
-- All processes walk through the runs together: the row in pgflow.retention says how far they are, and when the next call is due. After the last
-- run the walk pauses for p_pause, and late reports that are older than the greatest age are removed.
-- p_states and p_ages are parallel. Result: how many runs were removed, and in how long to call again.
-- Locks: the row in pgflow.retention (skipped when locked), then as prune_runs.

create or replace function pgflow.prune_due(
    p_states  text[],
    p_ages    interval[],
    p_limit   int default 500,
    p_pause   interval default '1 minute',
    out pruned   int,
    out next_in  interval
)
language plpgsql
set search_path = ''
as $$
declare
    v_now timestamptz := pgflow.clock();
    v_walk record;
    v_batch record;
begin
    pruned := 0;
    select r.last_run_id, r.next_at
    into v_walk
    from pgflow.retention r
    for update skip locked;
    if not found or v_walk.next_at > v_now then
        next_in := greatest(coalesce(v_walk.next_at - v_now, '1 second'), '1 second');
        return;
    end if;

    select *
    into v_batch
    from pgflow._prune(p_states, p_ages, p_limit, v_walk.last_run_id) p;
    pruned := v_batch.pruned;
    next_in := case when v_batch.go_on_after is null then p_pause when pruned > 0 then '0' else '1 second' end;
    update pgflow.retention r
    set last_run_id = v_batch.go_on_after,
        next_at = v_now + next_in;
    if v_batch.go_on_after is null then
        delete from pgflow.stale_reports s
        where s.at < v_now - (select max(a.age) from unnest(p_ages) a (age));
    end if;
end;
$$;

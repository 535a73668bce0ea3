-- undos: which runs are undone, and how far that is: owed (it begins soon), undoing, undone, failed (retry the undo run), or stopped (the
-- undo run was cancelled). `problem` says why what is owed cannot begin.

create or replace view pgflow.undos as
select o.run_id,
       w.name as workflow,
       o.generation,
       'owed' as state,
       null::uuid as undo_run_id,
       o.owed_at,
       null::timestamptz as begun_at,
       null::timestamptz as ended_at,
       o.problem
from pgflow.owed_undos o
join pgflow.runs r on r.run_id = o.run_id
join pgflow.workflows w on w.workflow_id = r.workflow_id
union all
select u.run_id,
       w.name,
       u.generation,
       case d.state when 'SUCCEEDED' then 'undone' when 'FAILED' then 'failed' when 'CANCELLED' then 'stopped' else 'undoing' end,
       u.undo_run_id,
       r.ended_at,
       u.begun_at,
       d.ended_at,
       null
from pgflow.undo_runs u
join pgflow.runs r on r.run_id = u.run_id
join pgflow.workflows w on w.workflow_id = r.workflow_id
join pgflow.runs d on d.run_id = u.undo_run_id;

-- undo_of: the run that undoes a run, the newest where there are several; null when none does (yet).

create or replace function pgflow.undo_of(
    p_run_id  uuid
)
returns uuid
language sql
stable
set search_path = ''
as $$
    select u.undo_run_id
    from pgflow.undo_runs u
    where u.run_id = p_run_id
    order by u.generation desc
    limit 1;
$$;

-- _is_undo_run: whether a run undoes another one.

create or replace function pgflow._is_undo_run(
    p_run_id  uuid
)
returns boolean
language sql
stable
as $$
    select exists (select from pgflow.undo_runs u where u.undo_run_id = p_run_id);
$$;

-- _may_forget_undoing: whether nothing of the undoing of a run stands in the way of pruning it: it is not about to begin, and
-- what has begun ended before p_before.

create or replace function pgflow._may_forget_undoing(
    p_run_id  uuid,
    p_before  timestamptz
)
returns boolean
language sql
stable
as $$
    select not exists (select from pgflow.owed_undos o where o.run_id = p_run_id and o.problem is null)
        and not exists (
            select
            from pgflow.undo_runs u
            join pgflow.runs d on d.run_id = u.undo_run_id
            where u.run_id = p_run_id
              and not coalesce(d.ended_at < p_before, false));
$$;

-- _with_undo_runs: these runs, which the caller locked, with those that undo them, locked too; without those whose undo run somebody
-- else has locked.

create or replace function pgflow._with_undo_runs(
    p_run_ids  uuid[]
)
returns uuid[]
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_locked uuid[];
begin
    if not exists (select from pgflow.undo_runs) then
        return p_run_ids;
    end if;
    v_locked := array(
        select r.run_id
        from unnest(p_run_ids) p (run_id)
        join pgflow.undo_runs u on u.run_id = p.run_id
        join pgflow.runs r on r.run_id = u.undo_run_id
        order by r.run_id
        for update of r skip locked);
    return array( -- in order, since what belongs to these runs is locked in it
        select p.run_id
        from unnest(p_run_ids) p (run_id)
        where not exists (
            select
            from pgflow.undo_runs u
            where u.run_id = p.run_id
              and u.undo_run_id <> all (v_locked))
        union all
        select u.undo_run_id
        from unnest(p_run_ids) p (run_id)
        join pgflow.undo_runs u on u.run_id = p.run_id
        where u.undo_run_id = any (v_locked)
        order by 1);
end;
$$;

-- _forget_undos: the links of runs that are pruned, and the workflows that were made to undo them and have no run left. A workflow that
-- somebody is about to use again is locked, and stays.

create or replace function pgflow._forget_undos(
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
declare
    v_used bigint[];
    v_locked bigint[];
    v_unused bigint[];
begin
    delete from pgflow.owed_undos o using unnest(p_run_ids) p (run_id) where o.run_id = p.run_id;
    with forgotten as (
        delete from pgflow.undo_runs u
        using unnest(p_run_ids) p (run_id)
        where u.run_id = p.run_id
        returning u.workflow_id
    )
    select array_agg(distinct f.workflow_id)
    into v_used
    from forgotten f;
    if v_used is null then
        return;
    end if;

    v_locked := array(
        select w.workflow_id
        from unnest(v_used) v (workflow_id)
        join pgflow.workflows w on w.workflow_id = v.workflow_id
        order by w.workflow_id
        for update of w skip locked);
    v_unused := array(
        select l.workflow_id
        from unnest(v_locked) l (workflow_id)
        where not exists (select from pgflow.undo_runs u where u.workflow_id = l.workflow_id));
    delete from pgflow.step_dependencies d where d.workflow_id = any (v_unused);
    delete from pgflow.steps s where s.workflow_id = any (v_unused);
    delete from pgflow.workflows w where w.workflow_id = any (v_unused);
end;
$$;

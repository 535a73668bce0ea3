-- _owe_undoing: runs ended badly; those in which a step succeeded that can be undone are owed it, and settle_steps begins it.
--
-- Takes too many rather than too few: settle_steps looks closer, and may find nothing to undo.

create or replace function pgflow._owe_undoing(
    p_run_ids  uuid[],
    p_now      timestamptz
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
    insert into pgflow.owed_undos (run_id, owed_at, generation)
    select r.run_id, p_now, r.generation
    from unnest(p_run_ids) u (run_id)
    join pgflow.runs r on r.run_id = u.run_id
    join pgflow.workflows w on w.workflow_id = r.workflow_id
    where w.has_undo
      and exists (
          select
          from pgflow.tasks t
          join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
          where t.run_id = r.run_id
            and t.state = 'SUCCEEDED'
            and s.undo is not null
            and s.is_map = (t.item > 0));
end;
$$;

-- _any_undo_owed: whether settle_steps has undoing to begin for one of these runs.

create or replace function pgflow._any_undo_owed(
    p_run_ids  uuid[]
)
returns boolean
language sql
stable
as $$
    select exists (
        select
        from unnest(p_run_ids) u (run_id)
        join pgflow.owed_undos o on o.run_id = u.run_id);
$$;

-- _undo_word: how it stands with the undoing of a run that has ended: null when it has not begun, `undoing`, or `undone` when it has
-- succeeded or a person ended it.

create or replace function pgflow._undo_word(
    p_run_id      uuid,
    p_generation  smallint
)
returns text
language sql
stable
as $$
    select case when r.state in ('SUCCEEDED', 'CANCELLED') then 'undone' else 'undoing' end
    from pgflow.undo_runs u
    join pgflow.runs r on r.run_id = u.undo_run_id
    where u.run_id = p_run_id
      and u.generation = p_generation;
$$;

-- _settle_undos: begins what runs are owed, of up to p_limit of them.
--
-- Where it cannot be begun, and never will be (the outputs are too large for one value), the run keeps a note that says so, since nobody
-- else shall wait for it. Runs go in the order of their workflows' names, because storing a new version locks that name.
-- Locks: the runs, in order; then the names of workflows in order, while a new version is stored.

create or replace function pgflow._settle_undos(
    p_limit  int,
    out settled       int,
    out woken_queues  text[]
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_run_ids uuid[];
    v_now timestamptz;
    v_run_id uuid;
begin
    select array_agg(o.run_id), count(*)
    into v_run_ids, settled
    from (
        select o.run_id
        from pgflow.owed_undos o
        where o.problem is null
        order by o.run_id
        limit least(p_limit, 50)) o;
    perform 1
    from (select u.run_id from unnest(v_run_ids) u (run_id) order by u.run_id) u
    join pgflow.runs r on r.run_id = u.run_id
    for no key update of r;

    --@pp settle_undos-locked
    v_now := pgflow.clock();
    for v_run_id in
        select o.run_id
        from pgflow.owed_undos o
        join pgflow.runs r on r.run_id = o.run_id
        join pgflow.workflows w on w.workflow_id = r.workflow_id
        where o.run_id = any (v_run_ids)
          and o.problem is null
        order by w.name, o.run_id
    loop
        begin
            woken_queues := woken_queues || pgflow._begin_undo(v_run_id, v_now);
            delete from pgflow.owed_undos o
            where o.run_id = v_run_id;
        exception
            when program_limit_exceeded or internal_error or data_exception or integrity_constraint_violation then
                update pgflow.owed_undos o
                set problem = sqlerrm
                where o.run_id = v_run_id;
        end;
    end loop;
end;
$$;

-- _begin_undo: starts the run that undoes a run, if there is something to undo. Returns the queues that got work.
--
-- The caller locked the run, and found that it is owed its undoing.

create or replace function pgflow._begin_undo(
    p_run_id  uuid,
    p_now     timestamptz
)
returns text[]
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_run record;
    v_undo record;
    v_undo_run_id uuid := pgflow._time_ordered_id();
    v_workflow_id bigint;
    v_woken text[];
begin
    select r.workflow_id, r.labels, r.priority, r.generation, w.name, w.definition
    into v_run
    from pgflow.runs r
    join pgflow.workflows w on w.workflow_id = r.workflow_id
    where r.run_id = p_run_id;
    select pg_catalog.jsonb_agg(pgflow._undo_step(v_run.definition -> 'steps' -> (u.step - 1), u.is_map, u.before) order by u.n) as steps,
           pg_catalog.jsonb_object_agg(u.name, u.output) as input
    into v_undo
    from (
        select d.*, lag(d.name) over (order by d.n) as before
        from pgflow._steps_to_undo(p_run_id, v_run.workflow_id) d) u;
    if v_undo.steps is null then
        return null;
    end if;

    v_workflow_id := pgflow._undo_workflow(
        pg_catalog.jsonb_build_object('name', v_run.name || '$undo', 'steps', v_undo.steps));
    insert into pgflow.undo_runs (run_id, generation, undo_run_id, workflow_id, begun_at)
    values (p_run_id, v_run.generation, v_undo_run_id, v_workflow_id, p_now);
    select s.woken_queues
    into v_woken
    from pgflow.start_runs(
        array[v_undo_run_id], array[v_workflow_id], array[v_undo.input], null, array[v_run.labels], null,
        array[v_run.priority], null) s;
    return v_woken;
end;
$$;

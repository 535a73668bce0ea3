-- _open_sub_runs: tasks of steps that run another workflow begin: each is RUNNING, deferred until the run that it starts here
-- has ended. That run is of the newest version of its workflow, or of the one that the step names.
--
-- Task and run are written in one transaction, and sub_runs holds the fence of the attempt: an attempt has one run, whatever
-- crashes. What cannot be started has failed, which settle_steps says. p_transition is the way to SCHEDULED: 3 (schedule) or
-- 10 (reschedule).
-- Locks: the caller locked the tasks; otherwise only rows that it inserts.

create or replace function pgflow._open_sub_runs(
    p_run_ids     uuid[],
    p_steps       smallint[],
    p_items       int[],
    p_transition  smallint,
    p_now         timestamptz,
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
    v_new record;
begin
    with asked as materialized (
        select a.run_id, a.step, a.item, a.n, t.priority, c.workflow_id, coalesce(p.depth, 0) + 1 as depth,
               s.waits_for ->> 'workflow' as workflow,
               pgflow._sub_run_input(s.waits_for -> 'input', t.run_id, t.workflow_id, t.step, t.item, t.input) as input
        from unnest(p_run_ids, p_steps, p_items) with ordinality a (run_id, step, item, n)
        join pgflow.tasks t on t.run_id = a.run_id and t.step = a.step and t.item = a.item
        join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
        left join pgflow.sub_runs p on p.child_run_id = t.run_id
        left join lateral (
            select w.workflow_id
            from pgflow.workflows w
            where w.name = s.waits_for ->> 'workflow'
              and (s.waits_for -> 'version' is null or w.version = (s.waits_for ->> 'version')::int)
            order by w.version desc
            limit 1) c on true
    ),
    checked as materialized (
        select a.*, pgflow._sub_run_id() as child_run_id,
               pgflow._sub_run_error(a.workflow, a.workflow_id, a.input, a.depth) as error
        from asked a
    )
    select array_agg(c.run_id order by c.n) as run_ids,
           array_agg(c.step order by c.n) as steps,
           array_agg(c.item order by c.n) as items,
           array_agg(case when c.error is null then c.child_run_id end order by c.n) as child_run_ids,
           array_agg(c.depth order by c.n) as depths,
           array_agg(c.error order by c.n) as errors,
           array_agg(c.child_run_id order by c.n) filter (where c.error is null) as new_run_ids,
           array_agg(c.workflow_id order by c.n) filter (where c.error is null) as workflow_ids,
           array_agg(c.input order by c.n) filter (where c.error is null) as inputs,
           array_agg(c.priority order by c.n) filter (where c.error is null) as priorities,
           coalesce(bool_or(c.error is not null), false) as any_error
    into v_new
    from checked c;

    perform pgflow._begin_waiting_for_runs(
        v_new.run_ids, v_new.steps, v_new.items, v_new.child_run_ids, v_new.depths, v_new.errors, p_transition, p_now);
    to_settle := v_new.any_error;
    if v_new.new_run_ids is not null then
        select s.woken_queues, s.to_settle or v_new.any_error
        into woken_queues, to_settle
        from pgflow.start_runs(
            v_new.new_run_ids, v_new.workflow_ids, v_new.inputs, null, null, null, v_new.priorities, null) s;
    end if;
end;
$$;

-- _begin_waiting_for_runs: the tasks of _open_sub_runs become SCHEDULED and RUNNING, and what each waits for is noted: a run, or to be
-- told that there is none.

create or replace function pgflow._begin_waiting_for_runs(
    p_run_ids        uuid[],
    p_steps          smallint[],
    p_items          int[],
    p_child_run_ids  uuid[],
    p_depths         int[],
    p_errors         jsonb[],
    p_transition     smallint,
    p_now            timestamptz
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
    update pgflow.tasks t
    set state = 'SCHEDULED',
        events = t.events + 1
    from unnest(p_run_ids, p_steps, p_items) r (run_id, step, item)
    where t.run_id = r.run_id
      and t.step = r.step
      and t.item = r.item;

    with opened as (
        update pgflow.tasks t
        set state = 'RUNNING',
            deferred = 'run',
            remaining = 1,
            fence = t.fence + 1,
            attempts = t.attempts + 1,
            events = t.events + 1
        from unnest(p_run_ids, p_steps, p_items, p_child_run_ids, p_depths, p_errors)
            r (run_id, step, item, child_run_id, depth, error)
        where t.run_id = r.run_id
          and t.step = r.step
          and t.item = r.item
        returning t.run_id, t.step, t.item, t.events, t.fence, t.generation, t.attempts, r.child_run_id, r.depth, r.error
    ),
    awaited as (
        insert into pgflow.sub_runs (child_run_id, run_id, step, item, fence, depth)
        select o.child_run_id, o.run_id, o.step, o.item, o.fence, o.depth
        from opened o
        where o.child_run_id is not null
    ),
    in_vain as (
        insert into pgflow.unsettled_sub_runs (run_id, step, item, fence, report, error)
        select o.run_id, o.step, o.item, o.fence, case when o.error ->> 'code' = 'PGF-RUN-026' then 'unknown' else 'refused' end,
               o.error
        from opened o
        where o.error is not null
    )
    insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt, detail)
    select o.run_id, p_now, o.item, o.events - 1, o.fence - 1, o.step, p_transition, o.generation, o.attempts - 1, null
    from opened o
    union all
    select o.run_id, p_now, o.item, o.events, o.fence, o.step, 5, o.generation, o.attempts,
           case when o.child_run_id is not null then pg_catalog.jsonb_build_object('run_id', o.child_run_id) end
    from opened o;
end;
$$;

-- _sub_run_id: a time-ordered id whose version is 8, not 7. By that alone whoever ends runs sees that one of them may have a parent
-- (_is_sub_run), and all others need not be looked up.

create or replace function pgflow._sub_run_id()
returns uuid
language sql
volatile
set search_path = ''
as $$
    select overlay(pgflow._time_ordered_id()::text placing '8' from 15 for 1)::uuid;
$$;

create or replace function pgflow._is_sub_run(
    p_run_id  uuid
)
returns boolean
language sql
immutable
as $$
    select pg_catalog.get_byte(pg_catalog.uuid_send(p_run_id), 6) between 128 and 143; -- x'80' to x'8f'
$$;

create or replace function pgflow._any_sub_run(
    p_run_ids  uuid[]
)
returns boolean
language sql
immutable
as $$
    select coalesce(bool_or(pgflow._is_sub_run(r.run_id)), false)
    from unnest(p_run_ids) r (run_id);
$$;

-- _sub_run_input: the input of the run that a task starts: what its template gives; without one as for a handler without one: the item
-- of a map, else the input of the run, the output of the one parent, or an object of the outputs by step name. SQL null when a
-- reference points at nothing.

create or replace function pgflow._sub_run_input(
    p_template     jsonb,
    p_run_id       uuid,
    p_workflow_id  bigint,
    p_step         smallint,
    p_item         int,
    p_element      jsonb
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
    v_outputs jsonb;
begin
    if p_template is not null then
        return pgflow._fill_template(p_template, p_run_id, p_workflow_id, p_element);
    elsif p_item > 0 then
        return p_element;
    end if;
    v_outputs := pgflow._parent_outputs(p_run_id, p_workflow_id, p_step);
    return case
        when v_outputs is null then pgflow._value_of('$input', p_run_id, p_workflow_id)
        when (select count(*) from pg_catalog.jsonb_object_keys(v_outputs)) = 1 then
            (select o.value from pg_catalog.jsonb_each(v_outputs) o)
        else v_outputs
    end;
end;
$$;

-- _fill_template: a template of an input with its references replaced by what they point at; SQL null when one points at nothing.
-- What a skipped step would have given is null.

create or replace function pgflow._fill_template(
    p_template     jsonb,
    p_run_id       uuid,
    p_workflow_id  bigint,
    p_element      jsonb
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
    v_filled jsonb;
    v_gaps boolean;
begin
    if pg_catalog.jsonb_typeof(p_template) = 'object' and p_template -> '$from' is not null then
        return pgflow._value_at(
            case p_template ->> '$from'
                when '$item' then p_element
                else coalesce(pgflow._value_of(p_template ->> '$from', p_run_id, p_workflow_id), 'null')
            end,
            coalesce(p_template ->> 'pointer', ''));
    elsif pg_catalog.jsonb_typeof(p_template) = 'object' then
        select coalesce(pg_catalog.jsonb_object_agg(f.key, f.value), '{}'), bool_or(f.value is null)
        into v_filled, v_gaps
        from (
            select e.key, pgflow._fill_template(e.value, p_run_id, p_workflow_id, p_element) as value
            from pg_catalog.jsonb_each(p_template) e
            offset 0) f;
    elsif pg_catalog.jsonb_typeof(p_template) = 'array' then
        select coalesce(pg_catalog.jsonb_agg(f.value order by f.n), '[]'), bool_or(f.value is null)
        into v_filled, v_gaps
        from (
            select e.n, pgflow._fill_template(e.value, p_run_id, p_workflow_id, p_element) as value
            from pg_catalog.jsonb_array_elements(p_template) with ordinality e (value, n)
            offset 0) f;
    else
        return p_template;
    end if;
    return case when not coalesce(v_gaps, false) then v_filled end;
end;
$$;

-- _sub_run_error: why a run cannot be started by a step; null when it can.

create or replace function pgflow._sub_run_error(
    p_workflow     text,
    p_workflow_id  bigint,
    p_input        jsonb,
    p_depth        int
)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select pg_catalog.jsonb_build_object('code', e.code, 'message', e.message)
    from (
        select case
            when p_workflow_id is null then 'PGF-RUN-026'
            when p_depth > 50 then 'PGF-RUN-027'
            when p_input is null then 'PGF-DAT-006'
            when pg_catalog.jsonb_typeof(p_input) <> 'array'
                 and exists (select from pgflow.steps s where s.workflow_id = p_workflow_id and s.map_over = 0)
                then 'PGF-DAT-010'
        end as code,
        case
            when p_workflow_id is null then pg_catalog.format(
                'no workflow %s is defined, or not in the version that the step names; define it, or correct the step', p_workflow)
            when p_depth > 50 then
                'runs start runs more than 50 levels deep; does a workflow run itself without an end? Give its step a condition'
            when p_input is null then
                'the input of the run cannot be made: a reference of its template points at nothing; correct the pointer, or what it'
                || ' points into'
            else pg_catalog.format(
                'workflow %s maps over its input, but the input that the step gives is not an array', p_workflow)
        end as message) e
    where e.code is not null;
$$;

-- _note_ended_sub_runs: runs ended of which some may have a parent: settle_steps tells the steps that wait for them.

create or replace function pgflow._note_ended_sub_runs(
    p_run_ids  uuid[],
    p_report   text
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
    insert into pgflow.unsettled_sub_runs (run_id, step, item, fence, child_run_id, report)
    select s.run_id, s.step, s.item, s.fence, s.child_run_id, p_report
    from unnest(p_run_ids) r (run_id)
    join pgflow.sub_runs s on s.child_run_id = r.run_id
    join pgflow.tasks t on t.run_id = s.run_id and t.step = s.step and t.item = s.item
    where t.fence = s.fence
      and t.state = 'RUNNING';
end;
$$;

-- _abandon_sub_runs: nobody waits any more for the runs that these runs, or these of their steps, started: settle_steps cancels
-- them, in a transaction that locks them first, and what they started in turn.

create or replace function pgflow._abandon_sub_runs(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_actor    text,
    p_reason   text
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
    insert into pgflow.unsettled_sub_runs (run_id, step, item, fence, child_run_id, report, actor, reason)
    select s.run_id, s.step, s.item, s.fence, s.child_run_id, 'abandoned', p_actor, p_reason
    from unnest(p_run_ids, p_steps) a (run_id, step)
    join pgflow.sub_runs s on s.run_id = a.run_id and (a.step is null or s.step = a.step)
    join pgflow.runs r on r.run_id = s.child_run_id
    where r.ended_at is null;
end;
$$;

-- _settle_sub_runs: what follows from runs that steps started, up to p_limit of them and one thing in a call, since each locks what it
-- touches in one pass: steps whose run succeeded go on with its output; steps whose run failed, was cancelled or could not be
-- started have failed; runs that nobody waits for are cancelled. Returns how many it was.
--
-- A run that failed, and a workflow that is not defined, may be tried again: with another run.
-- Locks: as in complete_tasks, fail_tasks or cancel_runs.

create or replace function pgflow._settle_sub_runs(
    p_limit  int,
    out settled        int,
    out ended_run_ids  uuid[],
    out woken_queues   text[],
    out next_due_in    interval
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_taken record;
    v_ended record;
begin
    select *
    into v_taken
    from pgflow._take_unsettled_sub_runs(p_limit) t;
    settled := v_taken.taken;
    --@pp settle_sub_runs-taken
    if v_taken.run_ids is null then
        return;
    elsif v_taken.report = 'abandoned' then
        ended_run_ids := array(
            select c.run_id
            from pgflow.cancel_runs(v_taken.child_run_ids, v_taken.actor, v_taken.reason) c
            where c.outcome = 'cancelled');
    elsif v_taken.report = 'succeeded' then
        select *
        into v_ended
        from pgflow._complete_deferred(
            v_taken.run_ids, v_taken.steps, v_taken.items, v_taken.fences,
            v_taken.outputs);
        ended_run_ids := v_ended.ended_run_ids;
        woken_queues := v_ended.woken_queues;
    else
        select *
        into v_ended
        from pgflow._end_deferred(
            v_taken.run_ids, v_taken.steps, v_taken.items, v_taken.fences, v_taken.errors,
            pg_catalog.array_fill(v_taken.report in ('failed', 'unknown'), array[pg_catalog.cardinality(v_taken.run_ids)]));
        ended_run_ids := v_ended.ended_run_ids;
        woken_queues := v_ended.woken_queues;
        next_due_in := v_ended.next_due_in;
    end if;
end;
$$;

-- _take_unsettled_sub_runs: takes up what there is to settle of one kind, with the outputs and errors of the runs as they are now: a run may
-- begin anew before they are told. Of one that has begun anew already nothing is told; it will end once more.

drop function if exists pgflow._take_unsettled_sub_runs(int);

create or replace function pgflow._take_unsettled_sub_runs(
    p_limit  int,
    out taken          int,
    out report         text,
    out actor          text,
    out reason         text,
    out run_ids        uuid[],
    out steps          smallint[],
    out items          int[],
    out fences         int[],
    out child_run_ids  uuid[],
    out outputs        jsonb[],
    out errors         jsonb[]
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
as $$
begin
    taken := 0;
    select u.report, u.actor, u.reason
    into report, actor, reason
    from pgflow.unsettled_sub_runs u
    limit 1
    for update skip locked;
    if not found then
        return;
    end if;

    with gone as (
        delete from pgflow.unsettled_sub_runs d
        where d.ctid = any (array(
            select u.ctid
            from pgflow.unsettled_sub_runs u
            where u.report = _take_unsettled_sub_runs.report
              and u.actor is not distinct from _take_unsettled_sub_runs.actor
              and u.reason is not distinct from _take_unsettled_sub_runs.reason
            limit p_limit
            for update skip locked))
        returning d.*
    ),
    told as (
        select t.*, r.workflow_id
        from gone t
        left join pgflow.runs r on r.run_id = t.child_run_id
        where t.report not in ('succeeded', 'failed', 'cancelled')
           or coalesce(pg_catalog.lower(r.state) = t.report, true)
    )
    select (select count(*) from gone),
           array_agg(t.run_id order by t.run_id, t.step, t.item), array_agg(t.step order by t.run_id, t.step, t.item),
           array_agg(t.item order by t.run_id, t.step, t.item), array_agg(t.fence order by t.run_id, t.step, t.item),
           array_agg(t.child_run_id order by t.run_id, t.step, t.item),
           array_agg(case t.report when 'succeeded' then pgflow._run_output(t.child_run_id, t.workflow_id) end
               order by t.run_id, t.step, t.item),
           array_agg(coalesce(t.error, pgflow._ended_sub_run_error(t.child_run_id, t.report)) order by t.run_id, t.step, t.item)
    into taken, run_ids, steps, items, fences, child_run_ids, outputs, errors
    from told t;
end;
$$;

-- _ended_sub_run_error: the error of a step whose run failed or was cancelled.

create or replace function pgflow._ended_sub_run_error(
    p_run_id  uuid,
    p_report  text
)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select case p_report
        when 'failed' then pg_catalog.jsonb_build_object(
            'code', 'PGF-RUN-024',
            'message', pg_catalog.format('run %s of workflow %s failed; look at it', r.run_id, w.name),
            'run_id', r.run_id,
            'error', r.error)
        when 'cancelled' then pg_catalog.jsonb_build_object(
            'code', 'PGF-RUN-025',
            'message', pg_catalog.format('run %s of workflow %s was cancelled', r.run_id, w.name),
            'run_id', r.run_id)
    end
    from pgflow.runs r
    join pgflow.workflows w on w.workflow_id = r.workflow_id
    where r.run_id = p_run_id;
$$;

-- _insert_sub_items: the items of a map whose items are runs, PENDING; as many as may be at once begin. An item that was there in an
-- earlier generation goes on from where it stood.

create or replace function pgflow._insert_sub_items(
    p_run_id       uuid,
    p_step         smallint,
    p_workflow_id  bigint,
    p_priority     smallint,
    p_elements     jsonb,
    p_now          timestamptz
)
returns text[]
language plpgsql
set search_path = ''
as $$
begin
    insert into pgflow.limited_maps (run_id, step, waiting, next_item)
    values (p_run_id, p_step, pg_catalog.jsonb_array_length(p_elements), 1);

    with past as (
        select g.item, max(g.fence) as fence, max(g.events) as events, max(g.generation) as generation
        from pgflow.past_generations g
        where g.run_id = p_run_id
          and g.step = p_step
          and g.item > 0
        group by g.item
    ),
    inserted as (
        insert into pgflow.tasks (
            run_id, workflow_id, item, fence, remaining, events, step, priority, generation, state, input)
        select p_run_id, p_workflow_id, e.item, coalesce(p.fence, 0), 0, coalesce(p.events, 0) + 1, p_step, p_priority,
               coalesce(p.generation, 0) + 1, 'PENDING', e.value
        from pg_catalog.jsonb_array_elements(p_elements) with ordinality e (value, item)
        left join past p on p.item = e.item
        returning tasks.item, tasks.fence, tasks.events, tasks.generation
    )
    insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt)
    select p_run_id, p_now, i.item, i.events, i.fence, p_step, 1, i.generation, 0
    from inserted i;

    return pgflow._schedule_items(array[p_run_id], array[p_step], p_now);
end;
$$;

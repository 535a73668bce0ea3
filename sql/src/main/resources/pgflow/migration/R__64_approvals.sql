-- _request_approval: a step that asks people begins to wait for their decision. Returns when the first deadline is.
--
-- The caller locked the run and the task. With four eyes, whoever started the run is noted and must not decide.

create or replace function pgflow._request_approval(
    p_run_id       uuid,
    p_workflow_id  bigint,
    p_step         smallint,
    p_generation   smallint,
    p_approval     jsonb,
    p_now          timestamptz
)
returns timestamptz
language plpgsql
set search_path = ''
as $$
declare
    v_due_at timestamptz := p_now + (p_approval ->> 'within')::interval;
    v_approval_id uuid;
begin
    insert into pgflow.approvals (run_id, step, generation, requested_at, due_at, started_by, roles, actors, shown)
    values (p_run_id, p_step, p_generation, p_now, v_due_at,
            case when p_approval -> 'fourEyes' = 'true' then pgflow._started_by(p_run_id) end,
            pgflow._texts(p_approval -> 'roles'),
            pgflow._texts(p_approval -> 'actors'),
            case when p_approval -> 'show' is not null then pgflow._value_at(
                pgflow._value_of(p_approval -> 'show' ->> '$from', p_run_id, p_workflow_id),
                coalesce(p_approval -> 'show' ->> 'pointer', '')) end)
    returning approval_id
    into v_approval_id;
    perform pgflow._tell_approval(v_approval_id, 'requested', null);
    return v_due_at;
end;
$$;

-- _started_by: the actor of a run's start, or, of a run that a step started, of the start of the first one above it; null when it has none.

create or replace function pgflow._started_by(
    p_run_id  uuid
)
returns text
language sql
stable
set search_path = ''
as $$
    with recursive above as (
        select p_run_id as run_id, 0 as height
        union all
        select s.run_id, a.height + 1
        from above a
        join pgflow.sub_runs s on s.child_run_id = a.run_id
    )
    select nullif(a.actor, '')
    from pgflow.audit a
    where a.run_id = (select t.run_id from above t order by t.height desc limit 1)
      and (a.run_transition = 102 or a.transition in (101, 102))
    order by a.entry
    limit 1;
$$;

create or replace function pgflow._texts(
    p_array  jsonb
)
returns text[]
language sql
immutable
set search_path = ''
as $$
    select array(select e.value from pg_catalog.jsonb_array_elements_text(coalesce(p_array, '[]')) e (value));
$$;

-- _approval_error: why a step cannot ask: four eyes, and nobody knows who started the run. Null when it can.

create or replace function pgflow._approval_error(
    p_run_id    uuid,
    p_approval  jsonb
)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select case when p_approval -> 'fourEyes' = 'true'
                     and (pgflow._started_by(p_run_id) is null or '' = any (pgflow._also_started_by(p_run_id))) then
        pg_catalog.jsonb_build_object(
            'code', 'PGF-RUN-015',
            'message', 'the step asks for four eyes, and nobody knows whose the first two are; start the run with an actor') end;
$$;

-- _rejection: the choice that rejects: the last one.

create or replace function pgflow._rejection(
    p_approval  jsonb
)
returns text
language sql
immutable
set search_path = ''
as $$
    select coalesce(p_approval -> 'choices' ->> -1, 'reject');
$$;

-- decide_approval: what a person says to a question. A choice is made when as many different people as the step wants (quorum) have
-- made it; for the last choice, which rejects, one is enough. Each person says one thing; saying it again changes nothing.
--
-- p_approval_id names the question, or p_run_id and p_step do. The actor and the roles are what the application says of the
-- person: it must have asked. Outcomes: decided, voted (others are wanted), alreadyVoted (otherwise before), alreadyDecided,
-- notAllowed, invalid (problems says why), expired, withdrawn, unknown. When to_settle is true, call settle_steps in a transaction of
-- its own.
-- Locks: the task.

create or replace function pgflow.decide_approval(
    p_approval_id  uuid,
    p_run_id       uuid,
    p_step         text,
    p_actor        text,
    p_roles        text[],
    p_choice       text,
    p_form         jsonb default '{}',
    p_comment      text default null,
    out outcome    text,
    out problems   jsonb,
    out to_settle  boolean
)
language plpgsql
set search_path = ''
as $$
declare
    v_now timestamptz;
    v_asked record;
begin
    to_settle := false;
    select *
    into v_asked
    from pgflow._lock_approval(p_approval_id, p_run_id, p_step) a;
    if v_asked.approval_id is null then
        outcome := 'unknown';
        return;
    end if;

    --@pp decide_approval-locked
    v_now := pgflow.clock();
    outcome := pgflow._refusal(v_asked, p_actor, coalesce(p_roles, '{}'), p_choice, v_now);
    if outcome is null then
        problems := pgflow._vote_problems(v_asked.asks, p_choice, coalesce(p_form, '{}'));
        outcome := case when problems is not null then 'invalid' end;
    end if;
    if outcome is not null then
        return;
    end if;

    insert into pgflow.approval_votes (approval_id, voted_at, stage, actor, roles, choice, form, comment)
    values (v_asked.approval_id, v_now, v_asked.stage, p_actor, coalesce(p_roles, '{}'), p_choice,
            coalesce(p_form, '{}'), p_comment);
    if p_choice <> pgflow._rejection(v_asked.asks)
        and (select count(*)
             from pgflow.approval_votes v
             where v.approval_id = v_asked.approval_id
               and v.choice = p_choice) < coalesce((v_asked.asks ->> 'quorum')::int, 1)
    then
        outcome := 'voted';
    else
        perform pgflow._end_approval(v_asked.approval_id, v_asked.asks, 'decided', p_choice, p_actor, v_now);
        outcome := 'decided';
        to_settle := true;
    end if;
    perform pgflow._tell_approval(v_asked.approval_id, outcome, p_actor);
end;
$$;

-- _lock_approval: a question with what its step asks, read after its task was locked: decisions, deadlines and the end of the task
-- take turns there.

create or replace function pgflow._lock_approval(
    p_approval_id  uuid,
    p_run_id       uuid,
    p_step         text,
    out approval_id  uuid,
    out run_id       uuid,
    out step         smallint,
    out state        text,
    out stage        smallint,
    out due_at       timestamptz,
    out started_by   text,
    out roles        text[],
    out actors       text[],
    out asks         jsonb
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    select a.approval_id, a.run_id, a.step, s.waits_for -> 'approval'
    into approval_id, run_id, step, asks
    from pgflow.approvals a
    join pgflow.runs r on r.run_id = a.run_id
    join pgflow.steps s on s.workflow_id = r.workflow_id and s.step = a.step
    where a.approval_id = coalesce(p_approval_id, (
        select l.approval_id
        from pgflow.runs o
        join pgflow.steps n on n.workflow_id = o.workflow_id and n.name = p_step
        join pgflow.approvals l on l.run_id = o.run_id and l.step = n.step
        where o.run_id = p_run_id
        order by l.generation desc
        limit 1));
    if not found then
        return;
    end if;

    perform 1
    from pgflow.tasks t
    where t.run_id = _lock_approval.run_id
      and t.step = _lock_approval.step
      and t.item = 0
    for no key update;
    select a.state, a.stage, a.due_at, a.started_by, a.roles, a.actors
    into state, stage, due_at, started_by, roles, actors
    from pgflow.approvals a
    where a.approval_id = _lock_approval.approval_id;
end;
$$;

-- _refusal: why nothing can be said to a question any more, or not by this person; null when it can. A deadline counts from its
-- moment on, not only when somebody noticed.

create or replace function pgflow._refusal(
    p_asked   record,
    p_actor   text,
    p_roles   text[],
    p_choice  text,
    p_now     timestamptz
)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
    v_before text := (
        select v.choice
        from pgflow.approval_votes v
        where v.approval_id = p_asked.approval_id
          and v.actor = p_actor);
begin
    return case
        when p_asked.state = 'decided' then 'alreadyDecided'
        when p_asked.state <> 'pending' then p_asked.state
        when p_asked.due_at <= p_now then 'expired'
        when not pgflow._may_decide(p_asked.roles, p_asked.actors, p_asked.started_by, p_actor, p_roles) then 'notAllowed'
        when p_asked.started_by is not null and p_actor = any (pgflow._also_started_by(p_asked.run_id)) then 'notAllowed'
        when v_before = p_choice then 'voted'
        when v_before is not null then 'alreadyVoted'
    end;
end;
$$;

-- _may_decide: whether a person may: not who started the run where that matters, and one of those who are asked.

create or replace function pgflow._may_decide(
    p_asked_roles   text[],
    p_asked_actors  text[],
    p_started_by    text,
    p_actor         text,
    p_roles         text[]
)
returns boolean
language sql
immutable
set search_path = ''
as $$
    select coalesce(
        p_actor is distinct from p_started_by
        and p_actor <> ''
        and (p_asked_roles = '{}' and p_asked_actors = '{}'
             or p_actor = any (p_asked_actors)
             or p_asked_roles && p_roles),
        false);
$$;

-- _vote_problems: what is wrong with a choice and the values of a form, as a list of {code, field, message}; null when they are
-- sound. Who rejects need not fill in what is required.

create or replace function pgflow._vote_problems(
    p_asks    jsonb,
    p_choice  text,
    p_form    jsonb
)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
    v_problems jsonb;
begin
    if not coalesce(coalesce(p_asks -> 'choices', '["approve", "reject"]') @> pg_catalog.to_jsonb(p_choice), false) then
        return pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object(
            'code', 'PGF-RUN-016', 'field', null::text, 'message', pg_catalog.format('%L is none of the choices', p_choice)));
    elsif pg_catalog.jsonb_typeof(p_form) <> 'object' then
        return pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object(
            'code', 'PGF-RUN-016', 'field', null::text, 'message', 'the values of a form are an object'));
    end if;

    select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('code', 'PGF-RUN-016', 'field', p.field, 'message', p.message))
    into v_problems
    from (
        select f.value ->> 'name' as field,
               pgflow._field_problem(f.value, p_form -> (f.value ->> 'name'), p_choice = pgflow._rejection(p_asks)) as message
        from pg_catalog.jsonb_array_elements(coalesce(p_asks -> 'form', '[]')) f (value)
        union all
        select k.name, 'the form has no such field'
        from pg_catalog.jsonb_object_keys(p_form) k (name)
        where not exists (
            select
            from pg_catalog.jsonb_array_elements(coalesce(p_asks -> 'form', '[]')) f (value)
            where f.value ->> 'name' = k.name)) p
    where p.message is not null;
    return v_problems;
end;
$$;

create or replace function pgflow._field_problem(
    p_field     jsonb,
    p_value     jsonb,
    p_optional  boolean
)
returns text
language sql
immutable
set search_path = ''
as $$
    select case
        when p_value is null or p_value = 'null' then
            case when p_field -> 'required' = 'true' and not p_optional then 'a value is required' end
        when p_field ->> 'type' = 'choice' then
            case when not coalesce(p_field -> 'choices' @> pg_catalog.jsonb_build_array(p_value), false) then 'it is none of the choices' end
        when pg_catalog.jsonb_typeof(p_value) <> case p_field ->> 'type' when 'text' then 'string' else p_field ->> 'type' end then
            pg_catalog.format('a %s is wanted', p_field ->> 'type')
    end;
$$;

-- _end_approval: a question is decided, or its last deadline passed, which rejects. The step succeeds with what was decided, unless it
-- says that a rejection fails it. The caller locked the task.

create or replace function pgflow._end_approval(
    p_approval_id  uuid,
    p_asks         jsonb,
    p_state        text,
    p_choice       text,
    p_actor        text,
    p_now          timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_fails boolean := p_choice = pgflow._rejection(p_asks) and coalesce((p_asks ->> 'rejectionFails')::boolean, false);
    v_decision jsonb;
begin
    v_decision := pgflow._decision(p_approval_id, p_choice, p_state = 'expired');
    with ended as (
        update pgflow.approvals a
        set state = p_state,
            choice = p_choice,
            ended_at = p_now
        where a.approval_id = p_approval_id
        returning a.run_id, a.step
    ),
    untimed as (
        delete from pgflow.timers t
        using ended e
        where t.run_id = e.run_id
          and t.step = e.step
          and t.item = 0
    )
    insert into pgflow.unsettled_steps (run_id, step, ended, output, actor, error)
    select e.run_id, e.step, case when v_fails then 0 else 1 end,
           case when not v_fails then v_decision end,
           p_actor,
           case when v_fails then pg_catalog.jsonb_build_object(
               'code', 'PGF-RUN-017',
               'message', case p_state
                   when 'expired' then 'nobody decided in time, which rejects'
                   else 'it was rejected by ' || p_actor end,
               'decision', v_decision) end
    from ended e;
end;
$$;

-- _decision: what a step that asked gives.

create or replace function pgflow._decision(
    p_approval_id  uuid,
    p_choice       text,
    p_expired      boolean
)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select pg_catalog.jsonb_build_object(
        'choice', p_choice,
        'expired', p_expired,
        'form', coalesce((
            select v.form
            from pgflow.approval_votes v
            where v.approval_id = p_approval_id
              and v.choice = p_choice
            order by v.voted_at desc, v.actor
            limit 1), '{}'),
        'votes', coalesce((
            select pg_catalog.jsonb_agg(
                pg_catalog.jsonb_build_object(
                    'actor', v.actor, 'choice', v.choice, 'at', v.voted_at, 'form', v.form, 'comment', v.comment)
                order by v.voted_at, v.actor)
            from pgflow.approval_votes v
            where v.approval_id = p_approval_id), '[]'));
$$;

-- _approvals_due: deadlines of questions that have passed: the next people are asked, or, where there are none, the question is
-- rejected. Nothing is ever approved by a deadline. The caller locked the tasks and took their timers away.

create or replace function pgflow._approvals_due(
    p_run_ids  uuid[],
    p_steps    smallint[],
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
declare
    v_due record;
begin
    for v_due in
        select a.approval_id, a.run_id, a.step, s.waits_for -> 'approval' as asks,
               s.waits_for -> 'approval' -> 'escalate' -> (a.stage - 1) as next
        from unnest(p_run_ids, p_steps) d (run_id, step)
        join pgflow.runs r on r.run_id = d.run_id
        join pgflow.steps s on s.workflow_id = r.workflow_id and s.step = d.step
        join pgflow.tasks t on t.run_id = d.run_id and t.step = d.step and t.item = 0
        join pgflow.approvals a on a.run_id = d.run_id and a.step = d.step and a.generation = t.generation
        where a.state = 'pending'
    loop
        if v_due.next is null then
            perform pgflow._end_approval(
                v_due.approval_id, v_due.asks, 'expired', pgflow._rejection(v_due.asks), null, p_now);
            perform pgflow._tell_approval(v_due.approval_id, 'expired', null);
        else
            update pgflow.approvals a
            set stage = a.stage + 1,
                roles = pgflow._texts(v_due.next -> 'roles'),
                actors = pgflow._texts(v_due.next -> 'actors'),
                due_at = p_now + (v_due.next ->> 'within')::interval
            where a.approval_id = v_due.approval_id;
            insert into pgflow.timers (run_id, step, item, due_at)
            select v_due.run_id, v_due.step, 0, p_now + (v_due.next ->> 'within')::interval
            where v_due.next -> 'within' is not null; -- the last ones may have for ever
            perform pgflow._tell_approval(v_due.approval_id, 'escalated', null);
        end if;
    end loop;
end;
$$;

-- _withdraw_approvals: questions that nobody needs to answer any more: of runs that ended (p_steps null), or of skipped steps.

create or replace function pgflow._withdraw_approvals(
    p_run_ids  uuid[],
    p_steps    smallint[],
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
    update pgflow.approvals a
    set state = 'withdrawn',
        ended_at = p_now
    from unnest(p_run_ids, p_steps) w (run_id, step)
    where a.run_id = w.run_id
      and (p_steps is null or a.step = w.step)
      and a.state = 'pending';
end;
$$;

-- get_approval: one question, as it stands.

create or replace function pgflow.get_approval(
    p_approval_id  uuid
)
returns table (
    approval_id   uuid,
    run_id        uuid,
    workflow      text,
    step          text,
    state         text,
    asks          jsonb,
    shown         jsonb,
    roles         text[],
    actors        text[],
    stage         smallint,
    requested_at  timestamptz,
    due_at        timestamptz,
    ended_at      timestamptz,
    choice        text,
    votes         jsonb
)
language sql
stable
set search_path = ''
as $$
    select a.approval_id, a.run_id, w.name, s.name, a.state, s.waits_for -> 'approval', a.shown, a.roles, a.actors, a.stage,
           a.requested_at, a.due_at, a.ended_at, a.choice,
           pgflow._decision(a.approval_id, a.choice, a.state = 'expired') -> 'votes'
    from pgflow.approvals a
    join pgflow.runs r on r.run_id = a.run_id
    join pgflow.workflows w on w.workflow_id = r.workflow_id
    join pgflow.steps s on s.workflow_id = r.workflow_id and s.step = a.step
    where a.approval_id = p_approval_id;
$$;

-- list_approvals: questions that are pending, oldest first, in the shape of get_approval. With an actor, those that this person, with these roles, may decide and has
-- not yet said anything to.

create or replace function pgflow.list_approvals(
    p_actor   text,
    p_roles   text[],
    p_run_id  uuid,
    p_limit   int
)
returns table (
    approval_id   uuid,
    run_id        uuid,
    workflow      text,
    step          text,
    state         text,
    asks          jsonb,
    shown         jsonb,
    roles         text[],
    actors        text[],
    stage         smallint,
    requested_at  timestamptz,
    due_at        timestamptz,
    ended_at      timestamptz,
    choice        text,
    votes         jsonb
)
language sql
stable
set search_path = ''
as $$
    select d.*
    from pgflow.approvals a
    cross join lateral pgflow.get_approval(a.approval_id) d
    where a.state = 'pending'
      and (p_run_id is null or a.run_id = p_run_id)
      and (p_actor is null
           or pgflow._may_decide(a.roles, a.actors, a.started_by, p_actor, coalesce(p_roles, '{}'))
              and not (a.started_by is not null and p_actor = any (pgflow._also_started_by(a.run_id)))
              and not exists (
                  select
                  from pgflow.approval_votes v
                  where v.approval_id = a.approval_id
                    and v.actor = p_actor))
    order by a.requested_at, a.approval_id
    limit p_limit;
$$;

-- keep_approval_events: from now on each event of an approval is sent to the pgmq queue approval_events, which holds at most
-- p_most messages: the oldest go. Null: no more. Events: requested, voted, decided, escalated, expired.

create or replace function pgflow.keep_approval_events(
    p_most  int
)
returns void
language plpgsql
set search_path = ''
as $$
begin
    perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('pgflow.keep_approval_events', 0));
    if p_most is null then
        delete from pgflow.event_queues q where q.queue = 'approval_events';
        return;
    end if;
    if pg_catalog.to_regclass('pgmq.q_approval_events') is null then
        perform pgmq.create('approval_events');
    end if;
    insert into pgflow.event_queues (queue, most)
    values ('approval_events', p_most)
    on conflict on constraint event_queues_pkey do update
    set most = excluded.most;
end;
$$;

-- _tell_approval: an event for whoever reads approval_events, if somebody does, and a hint for who listens on the channel of that name.

create or replace function pgflow._tell_approval(
    p_approval_id  uuid,
    p_event        text,
    p_actor        text
)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_most int := (select q.most from pgflow.event_queues q where q.queue = 'approval_events');
    v_message_id bigint;
begin
    if v_most is null then
        return;
    end if;
    v_message_id := (
        select m.message_id
        from pgflow.approvals a
        join pgflow.runs r on r.run_id = a.run_id
        join pgflow.workflows w on w.workflow_id = r.workflow_id
        join pgflow.steps s on s.workflow_id = r.workflow_id and s.step = a.step
        cross join lateral pgmq.send('approval_events', pg_catalog.jsonb_build_object(
            'event', p_event, 'approvalId', a.approval_id, 'runId', a.run_id, 'workflow', w.name, 'step', s.name, 'stage', a.stage,
            'actor', p_actor, 'choice', a.choice, 'at', pgflow.clock())) m (message_id)
        where a.approval_id = p_approval_id);
    delete from pgmq.q_approval_events q
    where q.msg_id = any (array(
        select o.msg_id
        from pgmq.q_approval_events o
        where o.msg_id <= v_message_id - v_most
        for update skip locked)); -- this transaction may go on to lock tasks: it waits for nobody who has such a lock
    perform pg_catalog.pg_notify('approval_events', p_approval_id::text);
end;
$$;

-- pause: no task of a queue, a workflow, a step or a run is claimed any more, until it is resumed. Running handlers finish, what
-- comes later queues up. A claim that was on its way may still take tasks; every one that begins after this commits takes none.
--
-- p_scope says what the names are: queue; workflow, with all its versions; step, as workflow.step; run, by its id.
-- Returns a row a name: paused, already paused (and nothing changes), ended (a run that has), or unknown.
-- Locks: only rows that it inserts.

create or replace function pgflow.pause(
    p_scope   text,
    p_names   text[],
    p_actor   text,
    p_reason  text
)
returns table (name text, outcome text)
language plpgsql
set search_path = ''
as $$
declare
    v_now timestamptz := pgflow.clock();
    v_paused text[];
begin
    if not coalesce(p_scope in ('queue', 'workflow', 'step', 'run'), false) then
        raise exception 'nothing of kind % can be paused', coalesce(p_scope, 'null')
            using errcode = 'PF004', hint = 'Pause a queue, a workflow, a step (named workflow.step) or a run.';
    end if;
    perform pgflow._forget_ended_pauses(v_now);

    with paused as (
        insert into pgflow.claim_rules (rule, scope, name, actor, reason, since)
        select 'pause', p_scope, n.name, p_actor, p_reason, v_now
        from (select distinct u.name from unnest(p_names) u (name) order by u.name) n
        where pgflow._pausable(p_scope, n.name) = 'yes'
        on conflict do nothing
        returning claim_rules.name
    ),
    noted as (
        insert into pgflow.rule_changes (at, rule, scope, name, change, actor, reason)
        select v_now, 'pause', p_scope, p.name, 'set', p_actor, p_reason
        from paused p
    )
    select array_agg(p.name)
    into v_paused
    from paused p;

    return query
    select u.name,
           case
               when u.name = any (v_paused) then 'paused'
               when pgflow._pausable(p_scope, u.name) = 'yes' then 'already paused'
               else pgflow._pausable(p_scope, u.name)
           end
    from unnest(p_names) u (name);
end;
$$;

-- _pausable: whether there is something of that name to be paused: yes, ended or unknown.

create or replace function pgflow._pausable(
    p_scope  text,
    p_name   text
)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
    v_parts text[] := pg_catalog.string_to_array(p_name, '.');
    v_known boolean;
begin
    if p_scope = 'run' then
        if coalesce(p_name ~ '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$', false) then
            return coalesce(
                (select case when r.ended_at is null then 'yes' else 'ended' end
                 from pgflow.runs r
                 where r.run_id = p_name::uuid),
                'unknown');
        end if;
        return 'unknown';
    end if;

    v_known := case p_scope
        when 'queue' then exists (select from pgflow.queues q where q.queue = p_name)
        when 'workflow' then exists (select from pgflow.workflows w where w.name = p_name)
        else exists (
            select
            from pgflow.workflows w
            join pgflow.steps s on s.workflow_id = w.workflow_id
            where w.name = v_parts[1]
              and s.name = v_parts[2]
              and pg_catalog.cardinality(v_parts) = 2)
    end;
    return case when v_known then 'yes' else 'unknown' end;
end;
$$;

-- resume: what was paused goes on. Tasks that were set aside come before others of their queue, in their order.
--
-- Returns, parallel to the names, resumed or not paused; and the queues that have work again.
-- Locks: the pauses (waits for claims that are setting tasks aside for them), then the tasks that were set aside, in order. Nobody
-- who holds a task waits for a pause.

create or replace function pgflow.resume(
    p_scope   text,
    p_names   text[],
    p_actor   text,
    p_reason  text,
    out outcomes      text[],
    out woken_queues  text[]
)
language plpgsql
set search_path = ''
as $$
declare
    v_now timestamptz := pgflow.clock();
    v_lifted record;
begin
    perform 1
    from pgflow.claim_rules r
    where r.rule = 'pause'
      and r.scope = p_scope
      and r.name = any (p_names)
    order by r.name
    for update;
    with lifted as (
        delete from pgflow.claim_rules r
        where r.rule = 'pause'
          and r.scope = p_scope
          and r.name = any (p_names)
        returning r.rule_id, r.name
    ),
    noted as (
        insert into pgflow.rule_changes (at, rule, scope, name, change, actor, reason)
        select v_now, 'pause', p_scope, l.name, 'lifted', p_actor, p_reason
        from lifted l
    )
    select array_agg(l.rule_id) as rule_ids, array_agg(l.name) as names
    into v_lifted
    from lifted l;

    outcomes := array(
        select case when u.name = any (v_lifted.names) then 'resumed' else 'not paused' end
        from unnest(p_names) with ordinality u (name, n)
        order by u.n);
    if p_scope = 'queue' then
        woken_queues := v_lifted.names
            || case when exists (select from pgflow.gated_tasks) then array['$gate'] else array[]::text[] end;
    elsif v_lifted.rule_ids is not null then
        --@pp resume-lifted
        woken_queues := pgflow._bring_back(v_lifted.rule_ids);
    end if;
end;
$$;

-- _bring_back: tasks that were set aside for pauses wait for their handlers again; those of limited steps go to the gate again, since
-- their places were given to others. Returns their queues.
-- Locks: the tasks, in order; a task that is held by somebody who ends it has no parking place afterwards.

create or replace function pgflow._bring_back(
    p_rule_ids  bigint[]
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
    v_queues text[];
    v_limited record;
begin
    perform 1
    from (
        select p.run_id, p.step, p.item
        from pgflow.parked_tasks p
        where p.rule_id = any (p_rule_ids)
        order by p.run_id, p.step, p.item) p
    join pgflow.tasks t on t.run_id = p.run_id and t.step = p.step and t.item = p.item
    for no key update of t;

    with limited as (
        delete from pgflow.parked_tasks p
        using pgflow.tasks t
        join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
        where p.rule_id = any (p_rule_ids)
          and t.run_id = p.run_id
          and t.step = p.step
          and t.item = p.item
          and s.limits is not null
        returning p.run_id, p.step, p.item, p.message_id
    ),
    out_of_queue as (
        update pgflow.tasks t
        set message_id = null
        from limited l
        where t.run_id = l.run_id
          and t.step = l.step
          and t.item = l.item
          and t.state = 'SCHEDULED'
          and t.message_id = l.message_id
        returning t.run_id, t.step, t.item, l.message_id
    )
    select array_agg(o.run_id order by o.message_id) as run_ids, array_agg(o.step order by o.message_id) as steps,
           array_agg(o.item order by o.message_id) as items
    into v_limited
    from out_of_queue o;
    if v_limited.run_ids is not null then
        perform pgflow._queue_up(v_limited.run_ids, v_limited.steps, v_limited.items, pgflow.clock());
    end if;

    with back as (
        update pgflow.parked_tasks p
        set handler = s.handler,
            rule_id = null
        from pgflow.tasks t
        join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
        where p.rule_id = any (p_rule_ids)
          and t.run_id = p.run_id
          and t.step = p.step
          and t.item = p.item
        returning p.queue
    )
    select array_agg(distinct b.queue)
    into v_queues
    from back b;
    return case when exists (select from pgflow.gated_tasks) then v_queues || '$gate'::text else v_queues end;
end;
$$;

-- _forget_ended_pauses: pauses of runs that have ended, or that were removed, are lifted. What somebody is at is passed over.

create or replace function pgflow._forget_ended_pauses(
    p_now  timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_rule_ids bigint[];
begin
    select array_agg(e.rule_id)
    into v_rule_ids
    from (
        select c.rule_id
        from pgflow.claim_rules c
        left join pgflow.runs r on r.run_id = case c.scope when 'run' then c.name::uuid end
        where c.rule = 'pause'
          and c.scope = 'run'
          and (r.run_id is null or r.ended_at is not null)
        for update of c skip locked) e;
    if v_rule_ids is null then
        return;
    end if;

    -- Looked at again under the lock: a claim may have set tasks aside for a run that began anew.
    with lifted as (
        delete from pgflow.claim_rules c
        where c.rule_id = any (v_rule_ids)
          and not exists (select from pgflow.parked_tasks p where p.rule_id = c.rule_id)
        returning c.name
    )
    insert into pgflow.rule_changes (at, rule, scope, name, change, reason)
    select p_now, 'pause', 'run', l.name, 'lifted', 'the run has ended'
    from lifted l
    join pgflow.runs r on r.run_id = l.name::uuid; -- of one that was removed nothing stays
end;
$$;

-- _any_pause_ended: whether there is a pause of a run that has ended, or that was removed.

create or replace function pgflow._any_pause_ended()
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
        from pgflow.claim_rules c
        left join pgflow.runs r on r.run_id = case c.scope when 'run' then c.name::uuid end
        where c.rule = 'pause'
          and c.scope = 'run'
          and (r.run_id is null or r.ended_at is not null));
end;
$$;

-- paused: everything that is, since when, and by whom.

create or replace function pgflow.paused()
returns table (scope text, name text, since timestamptz, actor text, reason text)
language sql
stable
set search_path = ''
as $$
    select c.scope, c.name, c.since, c.actor, c.reason
    from pgflow.claim_rules c
    left join pgflow.runs r on r.run_id = case c.scope when 'run' then c.name::uuid end
    where c.rule = 'pause'
      and (c.scope <> 'run' or r.run_id is not null and r.ended_at is null)
    order by c.since, c.scope, c.name;
$$;

-- rule_history: who paused, resumed and limited something, when and why; newest first. rule: pause or limit; change: set or lifted;
-- at_once: the limit that was set.

drop function if exists pgflow.rule_history(text, text, int);

create or replace function pgflow.rule_history(
    p_scope  text,
    p_name   text,
    p_limit  int default 100
)
returns table (at timestamptz, rule text, change text, at_once int, actor text, reason text)
language sql
stable
set search_path = ''
as $$
    select c.at, c.rule, c.change, c.at_once, c.actor, c.reason
    from pgflow.rule_changes c
    where c.scope = p_scope
      and c.name = p_name
    order by c.change_id desc
    limit p_limit;
$$;

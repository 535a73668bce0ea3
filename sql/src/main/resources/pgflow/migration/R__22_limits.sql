-- _insert_limits: the limits of steps, in the form in which the gate reads them. A plain step with limits is scheduled by settle_steps,
-- away from the statements that schedule all others; items of maps go to the gate when the map opens.
--
-- concurrency: [{limit, name, by}], rate: [{limit, per, name, by, weight}], fairBy: {$from, pointer}. A limit without a name is the
-- step's own; by tells it apart for each value. A step with fair turns and no limit of concurrency has at most 100 tasks in its
-- queue, or the turns would be those of the queue.

create or replace function pgflow._insert_limits(
    p_workflow_id  bigint,
    p_definition   jsonb
)
returns void
language plpgsql
set search_path = ''
as $$
begin
    update pgflow.steps s
    set limits = pg_catalog.jsonb_build_object('keys', l.keys, 'turn', l.value -> 'fairBy'),
        opening = case s.opening when 'schedule' then 'settle' else s.opening end
    from (
        select d.value, pgflow._limit_keys(d.value) as keys
        from pg_catalog.jsonb_array_elements(p_definition -> 'steps') d (value)
        where d.value -> 'concurrency' is not null
           or d.value -> 'rate' is not null
           or d.value -> 'fairBy' is not null) l
    where s.workflow_id = p_workflow_id
      and s.name = l.value ->> 'name';
end;
$$;

-- _limit_keys: the limits of a step, one after the other.

create or replace function pgflow._limit_keys(
    p_step  jsonb
)
returns jsonb
language sql
immutable
as $$
    select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
               'kind', k.kind, 'name', k.value -> 'name', 'limit', k.value -> 'limit', 'period', k.value -> 'per',
               'by', k.value -> 'by', 'weight', k.value -> 'weight') order by k.kind, k.n), '[]')
    from (
        select 'place' as kind, c.value, c.n
        from pg_catalog.jsonb_array_elements(coalesce(p_step -> 'concurrency', '[]')) with ordinality c (value, n)
        union all
        select 'rate', r.value, r.n
        from pg_catalog.jsonb_array_elements(coalesce(p_step -> 'rate', '[]')) with ordinality r (value, n)
        union all
        select 'ahead', '{"limit": 100}', 1
        where p_step -> 'fairBy' is not null
          and coalesce(p_step -> 'concurrency', '[]') = '[]') k;
$$;

-- _limits_problem: what is wrong with the limits of a step; null when nothing is.

create or replace function pgflow._limits_problem(
    p_step   jsonb,
    p_known  text[]
)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
    v_limit jsonb;
    v_at jsonb;
begin
    if p_step -> 'handler' is null and (p_step -> 'concurrency' is not null or p_step -> 'rate' is not null or p_step -> 'fairBy' is not null)
    then
        return 'only a step with a handler has limits';
    end if;
    for v_limit in
        select l.value
        from pg_catalog.jsonb_array_elements(
            coalesce(p_step -> 'concurrency', '[]') || coalesce(p_step -> 'rate', '[]')) l (value)
    loop
        if not pgflow._is_limit(v_limit -> 'limit') then
            return 'a limit is a whole number from 1 to 1,000,000,000,000';
        elsif not coalesce(v_limit ->> 'name' ~ '^[a-z][a-z0-9_]{0,39}$', true) then
            return pg_catalog.format('%L is no name', v_limit ->> 'name');
        end if;
    end loop;
    if exists (
        select
        from pg_catalog.jsonb_array_elements(coalesce(p_step -> 'rate', '[]')) r (value)
        where not coalesce((r.value ->> 'per')::interval between '10 milliseconds' and '30 days', false))
    then
        return 'a rate has a period from 10 milliseconds to 30 days';
    elsif pgflow._has_equal_limits(p_step -> 'concurrency') or pgflow._has_equal_limits(p_step -> 'rate') then
        return 'two limits count the same; leave one out, or give one of them a name';
    end if;

    for v_at in
        select l.value -> 'by'
        from pg_catalog.jsonb_array_elements(
            coalesce(p_step -> 'concurrency', '[]') || coalesce(p_step -> 'rate', '[]')) l (value)
        where l.value -> 'by' is not null
        union all
        select r.value -> 'weight'
        from pg_catalog.jsonb_array_elements(coalesce(p_step -> 'rate', '[]')) r (value)
        where pg_catalog.jsonb_typeof(r.value -> 'weight') = 'object'
        union all
        select p_step -> 'fairBy'
        where p_step -> 'fairBy' is not null
    loop
        if not coalesce(v_at ->> '$from' = any (p_known), false)
           or v_at ->> '$from' = '$item' and p_step ->> 'over' is null
           or not coalesce(v_at ->> 'pointer', '') ~ '^(/([^~/]|~[01])*)*$'
        then
            return 'a key looks at the input, at a step that comes before, or at the item of a map, by a JSON Pointer';
        end if;
    end loop;
    return null;
end;
$$;

-- _is_limit: whether a value is a number that a limit can have.

create or replace function pgflow._is_limit(
    p_limit  jsonb
)
returns boolean
language sql
immutable
as $$
    select case
        when pg_catalog.jsonb_typeof(p_limit) = 'number' and p_limit #>> '{}' ~ '^[0-9]{1,13}$'
            then (p_limit #>> '{}')::bigint between 1 and 1000000000000
        else false
    end;
$$;

-- _has_equal_limits: whether two limits of one kind of a step would share a counter. Those are told apart by name and period, and one
-- with a key from one without.

create or replace function pgflow._has_equal_limits(
    p_limits  jsonb
)
returns boolean
language sql
immutable
as $$
    select exists (
        select
        from pg_catalog.jsonb_array_elements(coalesce(p_limits, '[]')) l (value)
        group by l.value ->> 'name', (l.value ->> 'per')::interval, coalesce(l.value -> 'by', 'null') <> 'null'
        having count(*) > 1);
$$;

-- _holds: whether a condition holds in a run. A condition is {"and": [...]}, {"or": [...]}, {"not": ...}, or a test of one
-- value: {"$from": "$input" or a step, "pointer": a JSON Pointer, and one of eq, ne, in, exists, lt, lte, gt, gte, contains}.
--
-- It is total: what is missing, or of another kind than what it is compared with, makes a comparison false and never
-- an error; `ne` is true whenever `eq` is not.

create or replace function pgflow._holds(
    p_condition    jsonb,
    p_run_id       uuid,
    p_workflow_id  bigint
)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
declare
    v_part jsonb;
begin
    if p_condition -> 'and' is not null then
        for v_part in select a.value from pg_catalog.jsonb_array_elements(p_condition -> 'and') a (value) loop
            if not pgflow._holds(v_part, p_run_id, p_workflow_id) then
                return false;
            end if;
        end loop;
        return true;
    elsif p_condition -> 'or' is not null then
        for v_part in select o.value from pg_catalog.jsonb_array_elements(p_condition -> 'or') o (value) loop
            if pgflow._holds(v_part, p_run_id, p_workflow_id) then
                return true;
            end if;
        end loop;
        return false;
    elsif p_condition -> 'not' is not null then
        return not pgflow._holds(p_condition -> 'not', p_run_id, p_workflow_id);
    end if;
    return pgflow._passes(
        p_condition,
        pgflow._value_at(
            pgflow._value_of(p_condition ->> '$from', p_run_id, p_workflow_id),
            coalesce(p_condition ->> 'pointer', '')));
end;
$$;

-- _value_of: the input of a run, or the output of one of its steps; SQL null when the step gave none.

create or replace function pgflow._value_of(
    p_from         text,
    p_run_id       uuid,
    p_workflow_id  bigint
)
returns jsonb
language plpgsql
stable
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    if p_from = '$input' then
        return (select r.input from pgflow.runs r where r.run_id = p_run_id);
    end if;
    return (
        select t.output
        from pgflow.steps s
        join pgflow.tasks t on t.run_id = p_run_id and t.step = s.step and t.item = 0
        where s.workflow_id = p_workflow_id
          and s.name = p_from);
end;
$$;

-- _value_at: what a JSON Pointer points at; SQL null when there is nothing.

create or replace function pgflow._value_at(
    p_value    jsonb,
    p_pointer  text
)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
    v_token text;
begin
    if p_pointer = '' then
        return p_value;
    end if;
    foreach v_token in array (pg_catalog.string_to_array(p_pointer, '/'))[2:] loop
        v_token := pg_catalog.replace(pg_catalog.replace(v_token, '~1', '/'), '~0', '~');
        p_value := case pg_catalog.jsonb_typeof(p_value)
            when 'object' then p_value -> v_token
            when 'array' then case when v_token ~ '^(0|[1-9][0-9]{0,8})$' then p_value -> v_token::int end
        end;
    end loop;
    return p_value;
end;
$$;

-- _passes: whether a value passes a test.

create or replace function pgflow._passes(
    p_test   jsonb,
    p_value  jsonb
)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
declare
    v_operator text;
    v_operand jsonb;
begin
    select o.operator, o.operand
    into v_operator, v_operand
    from pg_catalog.jsonb_each(p_test) o (operator, operand)
    where o.operator not in ('$from', 'pointer');

    return coalesce(
        case v_operator
            when 'exists' then (p_value is not null) = (v_operand = 'true')
            when 'eq' then p_value = v_operand
            when 'ne' then p_value is distinct from v_operand
            when 'in' then pgflow._has_element(v_operand, p_value)
            when 'contains' then
                case pg_catalog.jsonb_typeof(p_value)
                    when 'array' then pgflow._has_element(p_value, v_operand)
                    when 'string' then pg_catalog.jsonb_typeof(v_operand) = 'string'
                        and pg_catalog.strpos(p_value #>> '{}', v_operand #>> '{}') > 0
                end
            when 'lt' then pgflow._order(p_value, v_operand) < 0
            when 'lte' then pgflow._order(p_value, v_operand) <= 0
            when 'gt' then pgflow._order(p_value, v_operand) > 0
            when 'gte' then pgflow._order(p_value, v_operand) >= 0
        end,
        false);
end;
$$;

create or replace function pgflow._has_element(
    p_array  jsonb,
    p_value  jsonb
)
returns boolean
language sql
immutable
set search_path = ''
as $$
    select exists (select from pg_catalog.jsonb_array_elements(p_array) e (value) where e.value = p_value);
$$;

-- _order: how two numbers, or two texts (by code point), stand to each other: -1, 0 or 1; null for anything else.

create or replace function pgflow._order(
    p_left   jsonb,
    p_right  jsonb
)
returns int
language sql
immutable
set search_path = ''
as $$
    select case
        when pg_catalog.jsonb_typeof(p_left) = 'number' and pg_catalog.jsonb_typeof(p_right) = 'number'
            then case
                when (p_left #>> '{}')::numeric < (p_right #>> '{}')::numeric then -1
                when (p_left #>> '{}')::numeric > (p_right #>> '{}')::numeric then 1
                else 0
            end
        when pg_catalog.jsonb_typeof(p_left) = 'string' and pg_catalog.jsonb_typeof(p_right) = 'string'
            then case
                when (p_left #>> '{}') collate "C" < (p_right #>> '{}') then -1
                when (p_left #>> '{}') collate "C" > (p_right #>> '{}') then 1
                else 0
            end
    end;
$$;

-- _condition_problem: what is wrong with the form of a condition, or with what it reads; null when it is sound.

create or replace function pgflow._condition_problem(
    p_condition  jsonb,
    p_readable   text[]
)
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
    v_fields text[];
    v_operator text;
    v_problem text;
    v_part jsonb;
begin
    if pg_catalog.jsonb_typeof(p_condition) <> 'object' then
        return 'a condition is an object';
    end if;
    v_fields := array(select k.name from pg_catalog.jsonb_object_keys(p_condition) k (name));

    if v_fields = array['not'] then
        return pgflow._condition_problem(p_condition -> 'not', p_readable);
    elsif v_fields = array['and'] or v_fields = array['or'] then
        if pg_catalog.jsonb_typeof(p_condition -> v_fields[1]) <> 'array'
            or pg_catalog.jsonb_array_length(p_condition -> v_fields[1]) = 0 then
            return pg_catalog.format('%L needs a list of conditions', v_fields[1]);
        end if;
        for v_part in select a.value from pg_catalog.jsonb_array_elements(p_condition -> v_fields[1]) a (value) loop
            v_problem := pgflow._condition_problem(v_part, p_readable);
            exit when v_problem is not null;
        end loop;
        return v_problem;
    end if;

    v_operator := (select f.name from unnest(v_fields) f (name) where f.name not in ('$from', 'pointer') limit 1);
    return case
        when not coalesce(p_condition ->> '$from' = any (p_readable), false) then
            pg_catalog.format('a condition reads %L, which is neither $input nor a step that it comes after', p_condition ->> '$from')
        when pg_catalog.jsonb_typeof(p_condition -> 'pointer') <> 'string' or p_condition ->> 'pointer' !~ '^(/.*)?$' then
            'the pointer of a condition is a JSON Pointer such as /items/0'
        when v_operator is null
            or not v_operator = any ('{eq,ne,in,exists,lt,lte,gt,gte,contains}')
            or pg_catalog.cardinality(v_fields) <> 2 + (case when 'pointer' = any (v_fields) then 1 else 0 end) then
            'a condition has one of eq, ne, in, exists, lt, lte, gt, gte and contains'
        when v_operator = 'in' and pg_catalog.jsonb_typeof(p_condition -> 'in') <> 'array' then
            '"in" needs a list'
        when v_operator = 'exists' and pg_catalog.jsonb_typeof(p_condition -> 'exists') <> 'boolean' then
            '"exists" is true or false'
        when v_operator in ('lt', 'lte', 'gt', 'gte')
            and pg_catalog.jsonb_typeof(p_condition -> v_operator) not in ('number', 'string') then
            pg_catalog.format('%L needs a number or a text', v_operator)
    end;
end;
$$;

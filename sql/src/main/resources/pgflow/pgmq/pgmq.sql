-- Message queues in schema pgmq, for servers that do not offer the pgmq extension.
--
-- The part of pgmq that the engine uses: the same names, parameters, columns and results, so that either can stand behind the engine
-- and tools made for pgmq find what they expect. One test class holds both to the same contract. Parameters are named as pgmq names
-- them, because callers may pass them by name.
--
-- A queue is a table pgmq.q_<name>; what was archived from it is in pgmq.a_<name>. Names are folded to lower case for the tables.
-- A message is visible when its vt is not in the future; reading it moves vt forward, so nobody else sees it until then.

create schema if not exists pgmq;

create table pgmq.meta (
    queue_name      varchar not null unique,
    is_partitioned  boolean not null,
    is_unlogged     boolean not null,
    created_at      timestamptz not null default now()
);

comment on table pgmq.meta is 'the queues there are';

create type pgmq.queue_record as (
    queue_name      varchar,
    is_partitioned  boolean,
    is_unlogged     boolean,
    created_at      timestamptz
);

create type pgmq.message_record as (
    msg_id        bigint,
    read_ct       int,
    enqueued_at   timestamptz,
    last_read_at  timestamptz,
    vt            timestamptz,
    message       jsonb,
    headers       jsonb
);

create type pgmq.metrics_result as (
    queue_name            text,
    queue_length          bigint,
    newest_msg_age_sec    int,
    oldest_msg_age_sec    int,
    total_messages        bigint,
    scrape_time           timestamptz,
    queue_visible_length  bigint
);

-- format_table_name: the table of a queue; prefix 'q' for its messages, 'a' for its archive.
create function pgmq.format_table_name(queue_name text, prefix text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
    if queue_name ~ '[$;'']|--' then
        raise exception 'queue name % contains invalid characters', quote_literal(queue_name)
            using detail = 'A name must not contain $ ; '' or --.',
                  hint = 'Use lower case letters, digits and _.';
    end if;
    return lower(prefix || '_' || queue_name);
end;
$$;

-- validate_queue_name: refuses names whose tables and indexes would be cut off at 63 bytes.
create function pgmq.validate_queue_name(queue_name text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
    if length(queue_name) > 47 then
        raise exception 'queue name % is too long', quote_literal(queue_name)
            using detail = 'The maximum length is 47 characters.';
    end if;
end;
$$;

-- create: makes a queue; one that exists is left as it is.
--
-- A queue is the hottest table there is: every message is inserted, updated once and deleted. Room on each page keeps updates short,
-- and autovacuum goes by a number of dead rows, not by a share of a table whose size says nothing.
-- Locks: an advisory lock of the queue's name, until the transaction ends, so that two creators do not collide.
create function pgmq.create(queue_name text)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_queue text := pgmq.format_table_name(queue_name, 'q');
    v_archive text := pgmq.format_table_name(queue_name, 'a');
begin
    perform pgmq.validate_queue_name(queue_name);
    perform pg_advisory_xact_lock(hashtext('pgmq.' || v_queue));

    execute format(
        'create table if not exists pgmq.%I (
            msg_id        bigint generated always as identity primary key,
            read_ct       int not null default 0,
            enqueued_at   timestamptz not null default now(),
            last_read_at  timestamptz,
            vt            timestamptz not null,
            message       jsonb,
            headers       jsonb
        ) with (
            autovacuum_vacuum_scale_factor = 0,
            autovacuum_vacuum_threshold = 1000,
            autovacuum_analyze_scale_factor = 0,
            autovacuum_analyze_threshold = 5000,
            autovacuum_vacuum_cost_delay = 0
        )',
        v_queue);

    execute format(
        'create table if not exists pgmq.%I (
            msg_id        bigint primary key,
            read_ct       int not null default 0,
            enqueued_at   timestamptz not null default now(),
            last_read_at  timestamptz,
            archived_at   timestamptz not null default now(),
            vt            timestamptz not null,
            message       jsonb,
            headers       jsonb
        )',
        v_archive);
    execute format('create index if not exists %I on pgmq.%I (archived_at)', v_archive || '_archived_at_idx', v_archive);

    insert into pgmq.meta
    values ($1, false, false)
    on conflict do nothing;
end;
$$;

-- drop_queue: removes a queue, its messages and its archive.
--
-- Returns false when there is none.
create function pgmq.drop_queue(queue_name text)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
    v_queue text := pgmq.format_table_name(queue_name, 'q');
    v_archive text := pgmq.format_table_name(queue_name, 'a');
begin
    perform pg_advisory_xact_lock(hashtext('pgmq.' || v_queue));
    if to_regclass(format('pgmq.%I', v_queue)) is null then
        raise notice 'the queue % does not exist', quote_literal(queue_name);
        return false;
    end if;

    execute format('drop table if exists pgmq.%I, pgmq.%I', v_queue, v_archive);
    delete from pgmq.meta m
    where m.queue_name = $1;
    return true;
end;
$$;

-- purge_queue: removes all messages of a queue.
--
-- Returns how many there were.
-- Locks: the whole queue, until the transaction ends.
create function pgmq.purge_queue(queue_name text)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
    v_queue text := pgmq.format_table_name(queue_name, 'q');
    v_purged bigint;
begin
    execute format('lock table pgmq.%I', v_queue);
    execute format('select count(*) from pgmq.%I', v_queue) into v_purged;
    execute format('truncate pgmq.%I', v_queue);
    return v_purged;
end;
$$;

-- list_queues: the queues there are.
create function pgmq.list_queues()
returns setof pgmq.queue_record
language sql
stable
set search_path = ''
as $$
    select m.queue_name, m.is_partitioned, m.is_unlogged, m.created_at
    from pgmq.meta m;
$$;

-- send: puts a message into a queue, visible from the time `delay` on.
--
-- Returns its id.
create function pgmq.send(queue_name text, msg jsonb, headers jsonb, delay timestamptz)
returns setof bigint
language plpgsql
set search_path = ''
as $$
begin
    return query execute format(
        'insert into pgmq.%I (vt, message, headers)
         values ($1, $2, $3)
         returning msg_id',
        pgmq.format_table_name(queue_name, 'q'))
    using delay, msg, headers;
end;
$$;

create function pgmq.send(queue_name text, msg jsonb)
returns setof bigint
language sql
set search_path = ''
as $$ select pgmq.send($1, $2, null::jsonb, clock_timestamp()); $$;

create function pgmq.send(queue_name text, msg jsonb, headers jsonb)
returns setof bigint
language sql
set search_path = ''
as $$ select pgmq.send($1, $2, $3, clock_timestamp()); $$;

create function pgmq.send(queue_name text, msg jsonb, delay int)
returns setof bigint
language sql
set search_path = ''
as $$ select pgmq.send($1, $2, null::jsonb, clock_timestamp() + make_interval(secs => $3)); $$;

create function pgmq.send(queue_name text, msg jsonb, delay timestamptz)
returns setof bigint
language sql
set search_path = ''
as $$ select pgmq.send($1, $2, null::jsonb, $3); $$;

create function pgmq.send(queue_name text, msg jsonb, headers jsonb, delay int)
returns setof bigint
language sql
set search_path = ''
as $$ select pgmq.send($1, $2, $3, clock_timestamp() + make_interval(secs => $4)); $$;

-- send_batch: puts many messages into a queue; headers, when given, are parallel to the messages.
--
-- Returns their ids in the order of the messages.
create function pgmq.send_batch(queue_name text, msgs jsonb[], headers jsonb[], delay timestamptz)
returns setof bigint
language plpgsql
set search_path = ''
as $$
begin
    if coalesce(cardinality(msgs), 0) = 0 then
        raise exception 'msgs cannot be NULL or empty';
    end if;
    if cardinality(headers) <> cardinality(msgs) then
        raise exception 'headers array length (%) must match msgs array length (%)', cardinality(headers), cardinality(msgs);
    end if;

    return query execute format(
        'insert into pgmq.%I (vt, message, headers)
         select $1, m.message, m.headers
         from unnest($2, $3) with ordinality m (message, headers, n)
         order by m.n
         returning msg_id',
        pgmq.format_table_name(queue_name, 'q'))
    using delay, msgs, headers;
end;
$$;

create function pgmq.send_batch(queue_name text, msgs jsonb[])
returns setof bigint
language sql
set search_path = ''
as $$ select pgmq.send_batch($1, $2, null::jsonb[], clock_timestamp()); $$;

create function pgmq.send_batch(queue_name text, msgs jsonb[], headers jsonb[])
returns setof bigint
language sql
set search_path = ''
as $$ select pgmq.send_batch($1, $2, $3, clock_timestamp()); $$;

create function pgmq.send_batch(queue_name text, msgs jsonb[], delay int)
returns setof bigint
language sql
set search_path = ''
as $$ select pgmq.send_batch($1, $2, null::jsonb[], clock_timestamp() + make_interval(secs => $3)); $$;

create function pgmq.send_batch(queue_name text, msgs jsonb[], delay timestamptz)
returns setof bigint
language sql
set search_path = ''
as $$ select pgmq.send_batch($1, $2, null::jsonb[], $3); $$;

create function pgmq.send_batch(queue_name text, msgs jsonb[], headers jsonb[], delay int)
returns setof bigint
language sql
set search_path = ''
as $$ select pgmq.send_batch($1, $2, $3, clock_timestamp() + make_interval(secs => $4)); $$;

-- read: takes the oldest visible messages and hides them for `vt` seconds.
--
-- A conditional other than {} takes only messages that contain it.
-- Returns the messages in the order of their ids. Joins are pinned to the index, whatever an analyze of an empty queue says.
-- Locks: the messages it takes; those that others hold are passed over.
create function pgmq.read(queue_name text, vt int, qty int, conditional jsonb default '{}')
returns setof pgmq.message_record
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
as $$
begin
    return query execute format(
        'with oldest as materialized (
            select q.msg_id
            from pgmq.%1$I q
            where q.vt <= clock_timestamp()
              and ($3 = ''{}'' or q.message @> $3)
            order by q.msg_id
            limit $2
            for update skip locked
        ),
        hidden as (
            update pgmq.%1$I q
            set vt = clock_timestamp() + make_interval(secs => $1),
                read_ct = q.read_ct + 1,
                last_read_at = clock_timestamp()
            from oldest o
            where q.msg_id = o.msg_id
            returning q.msg_id, q.read_ct, q.enqueued_at, q.last_read_at, q.vt, q.message, q.headers
        )
        select h.*
        from hidden h
        order by h.msg_id',
        pgmq.format_table_name(queue_name, 'q'))
    using vt, qty, conditional;
end;
$$;

-- pop: takes the oldest visible messages out of the queue for good.
--
-- Returns the messages in the order of their ids.
-- Locks: the messages it takes; those that others hold are passed over.
create function pgmq.pop(queue_name text, qty int default 1)
returns setof pgmq.message_record
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
as $$
begin
    return query execute format(
        'with oldest as materialized (
            select q.msg_id
            from pgmq.%1$I q
            where q.vt <= clock_timestamp()
            order by q.msg_id
            limit $1
            for update skip locked
        ),
        taken as (
            delete from pgmq.%1$I q
            using oldest o
            where q.msg_id = o.msg_id
            returning q.msg_id, q.read_ct, q.enqueued_at, q.last_read_at, q.vt, q.message, q.headers
        )
        select t.*
        from taken t
        order by t.msg_id',
        pgmq.format_table_name(queue_name, 'q'))
    using qty;
end;
$$;

-- delete: removes messages for good.
--
-- Returns the ids that were there.
create function pgmq.delete(queue_name text, msg_ids bigint[])
returns setof bigint
language plpgsql
set search_path = ''
as $$
begin
    return query execute format(
        'delete from pgmq.%I
         where msg_id = any ($1)
         returning msg_id',
        pgmq.format_table_name(queue_name, 'q'))
    using msg_ids;
end;
$$;

create function pgmq.delete(queue_name text, msg_id bigint)
returns boolean
language sql
set search_path = ''
as $$ select exists (select from pgmq.delete($1, array[$2])); $$;

-- archive: moves messages from the queue to its archive.
--
-- Returns the ids that were there.
create function pgmq.archive(queue_name text, msg_ids bigint[])
returns setof bigint
language plpgsql
set search_path = ''
as $$
begin
    return query execute format(
        'with taken as (
            delete from pgmq.%I
            where msg_id = any ($1)
            returning msg_id, read_ct, enqueued_at, last_read_at, vt, message, headers
        )
        insert into pgmq.%I (msg_id, read_ct, enqueued_at, last_read_at, vt, message, headers)
        select t.*
        from taken t
        returning msg_id',
        pgmq.format_table_name(queue_name, 'q'),
        pgmq.format_table_name(queue_name, 'a'))
    using msg_ids;
end;
$$;

create function pgmq.archive(queue_name text, msg_id bigint)
returns boolean
language sql
set search_path = ''
as $$ select exists (select from pgmq.archive($1, array[$2])); $$;

-- set_vt: makes messages visible at a time, or a number of seconds from now; 0 is at once.
--
-- Returns the messages that were there.
create function pgmq.set_vt(queue_name text, msg_ids bigint[], vt timestamptz)
returns setof pgmq.message_record
language plpgsql
set search_path = ''
as $$
begin
    return query execute format(
        'update pgmq.%I
         set vt = $1
         where msg_id = any ($2)
         returning msg_id, read_ct, enqueued_at, last_read_at, vt, message, headers',
        pgmq.format_table_name(queue_name, 'q'))
    using vt, msg_ids;
end;
$$;

create function pgmq.set_vt(queue_name text, msg_ids bigint[], vt int)
returns setof pgmq.message_record
language sql
set search_path = ''
as $$ select * from pgmq.set_vt($1, $2, clock_timestamp() + make_interval(secs => $3)); $$;

create function pgmq.set_vt(queue_name text, msg_id bigint, vt timestamptz)
returns setof pgmq.message_record
language sql
set search_path = ''
as $$ select * from pgmq.set_vt($1, array[$2], $3); $$;

create function pgmq.set_vt(queue_name text, msg_id bigint, vt int)
returns setof pgmq.message_record
language sql
set search_path = ''
as $$ select * from pgmq.set_vt($1, array[$2], clock_timestamp() + make_interval(secs => $3)); $$;

-- metrics: how long a queue is, how old its messages are in seconds, and how many were ever sent.
create function pgmq.metrics(queue_name text)
returns pgmq.metrics_result
language plpgsql
set search_path = ''
as $$
declare
    v_queue text := pgmq.format_table_name(queue_name, 'q');
    v_metrics pgmq.metrics_result;
begin
    execute format(
        'select $1,
                count(*),
                extract(epoch from now() - max(q.enqueued_at))::int,
                extract(epoch from now() - min(q.enqueued_at))::int,
                (select case when s.is_called then s.last_value else 0 end from pgmq.%I s),
                now(),
                count(*) filter (where q.vt <= now())
         from pgmq.%I q',
        v_queue || '_msg_id_seq',
        v_queue)
    into v_metrics
    using queue_name;
    return v_metrics;
end;
$$;

create function pgmq.metrics_all()
returns setof pgmq.metrics_result
language sql
set search_path = ''
as $$
    select m.*
    from pgmq.meta q
    cross join lateral pgmq.metrics(q.queue_name) m;
$$;

-- Nobody but the owner until the owner says so, as with schema pgflow (R__95).
revoke all on schema pgmq from public;
revoke all on all tables in schema pgmq from public;
revoke all on all functions in schema pgmq from public;

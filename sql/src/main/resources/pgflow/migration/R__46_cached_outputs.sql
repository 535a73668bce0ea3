-- reuse_outputs: a worker that has claimed tasks asks whether their outputs are known already: those of which a cached output is
-- fresh succeed with it, without their handlers. Not those that begin anew: who asks for a step again wants it done.
--
-- Arrays are parallel; a cache is a name, the key any JSON. Returns the positions of the tasks that succeeded by it, and what followed,
-- as complete_tasks does; when to_settle is true, call settle_steps in a transaction of its own. A task that is no longer held under
-- that fence is passed over.
-- Locks: as complete_tasks: runs that may end, the tasks, their dependents, each in order.

create or replace function pgflow.reuse_outputs(
    p_worker_id  bigint,
    p_run_ids    uuid[],
    p_steps      smallint[],
    p_items      int[],
    p_fences     int[],
    p_caches     text[],
    p_keys       jsonb[],
    out reused         int[],
    out ended_run_ids  uuid[],
    out woken_queues   text[],
    out to_settle      boolean
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
    v_known record;
    v_done record;
begin
    to_settle := false;
    select array_agg(a.run_id) as run_ids, array_agg(a.step) as steps, array_agg(a.item) as items,
           array_agg(a.fence) as fences, array_agg(a.n) as ns, array_agg(c.output) as outputs,
           array_agg(pg_catalog.jsonb_build_object('cache', c.cache, 'run_id', c.run_id, 'cached_at', c.cached_at)) as origins
    into v_known
    from unnest(p_run_ids, p_steps, p_items, p_fences, p_caches, p_keys)
        with ordinality a (run_id, step, item, fence, cache, key, n)
    join pgflow.cached_outputs c on c.cache = a.cache and c.key_hash = pgflow._key_hash(a.key)
    where c.expires_at > v_now;
    if v_known.run_ids is null then
        return;
    end if;

    perform pgflow._lock_runs_that_may_end(v_known.run_ids, v_known.steps, v_known.items);
    --@pp reuse_outputs-runs-locked
    v_now := pgflow.clock();
    with known as (
        select k.*
        from unnest(v_known.run_ids, v_known.steps, v_known.items, v_known.fences, v_known.ns, v_known.outputs, v_known.origins)
            k (run_id, step, item, fence, n, output, origin)
        order by k.run_id, k.step, k.item
    ),
    completed as (
        update pgflow.tasks t
        set state = 'SUCCEEDED',
            output = k.output,
            error = null,
            worker_id = null,
            events = t.events + 1
        from known k
        where t.run_id = k.run_id
          and t.step = k.step
          and t.item = k.item
          and t.fence = k.fence
          and t.state = 'RUNNING'
          and t.deferred is null
          and t.generation = 1
        returning t.*, k.n, k.origin
    ),
    audited as (
        insert into pgflow.audit (
            run_id, at, worker_id, output_hash, item, seq, fence, step, transition, generation, attempt, detail)
        select c.run_id, v_now, p_worker_id, pg_catalog.hashtextextended(c.output::text, 0), c.item, c.events, c.fence, c.step,
               70, c.generation, c.attempts, c.origin
        from completed c
    )
    select array_agg(c.n::int) as ns, array_agg(c.run_id) as run_ids, array_agg(c.step) as steps,
           array_agg(c.item) as items, array_agg(c.workflow_id::bigint) as workflow_ids,
           coalesce(bool_or(c.item > 0), false) as any_item
    into v_done
    from completed c;

    reused := v_done.ns;
    if v_done.run_ids is null then
        return;
    end if;
    if v_done.any_item then
        perform pgflow._note_ended_items(v_done.run_ids, v_done.steps, v_done.items);
    end if;
    select e.ended_run_ids, e.woken_queues, e.to_settle or v_done.any_item
    into ended_run_ids, woken_queues, to_settle
    from pgflow._end_steps(v_done.run_ids, v_done.steps, v_done.items, v_done.workflow_ids, v_now) e;
end;
$$;

-- cache_outputs: keeps the outputs of tasks that succeeded under these fences, each in its cache under its key, for so long. A newer output
-- takes the place of an older one.
--
-- Locks: the cached outputs, in order of cache and key.

create or replace function pgflow.cache_outputs(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_items    int[],
    p_fences   int[],
    p_caches   text[],
    p_keys     jsonb[],
    p_for      interval[]
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
    v_now timestamptz := pgflow.clock();
begin
    insert into pgflow.cached_outputs (cache, key_hash, key, output, run_id, cached_at, expires_at)
    select distinct on (a.cache, h.key_hash)
           a.cache, h.key_hash, a.key, t.output, t.run_id, v_now, v_now + a.keep
    from unnest(p_run_ids, p_steps, p_items, p_fences, p_caches, p_keys, p_for)
        with ordinality a (run_id, step, item, fence, cache, key, keep, n)
    cross join lateral pgflow._key_hash(a.key) h (key_hash)
    join pgflow.tasks t on t.run_id = a.run_id and t.step = a.step and t.item = a.item
    where t.fence = a.fence
      and t.state = 'SUCCEEDED'
      and t.output is not null
    order by a.cache, h.key_hash, a.n desc
    on conflict (cache, key_hash) do update
    set output = excluded.output,
        run_id = excluded.run_id,
        cached_at = excluded.cached_at,
        expires_at = excluded.expires_at;
end;
$$;

-- invalidate_outputs: forgets what a cache has: under one key, or all of it when p_key is null. Returns how many there were.
--
-- Locks: the cached outputs, in order of cache and key.

create or replace function pgflow.invalidate_outputs(
    p_cache  text,
    p_key    jsonb default null
)
returns int
language plpgsql
set search_path = ''
as $$
declare
    v_key_hashes bytea[];
    v_count int;
begin
    v_key_hashes := array(
        select c.key_hash
        from pgflow.cached_outputs c
        where c.cache = p_cache
          and (p_key is null or c.key_hash = pgflow._key_hash(p_key))
        order by c.key_hash
        for update);

    delete from pgflow.cached_outputs c
    where c.cache = p_cache
      and c.key_hash = any (v_key_hashes);
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

-- prune_cached_outputs: forgets what has expired, at most p_limit at once. Returns whether more is left.

create or replace function pgflow.prune_cached_outputs(
    p_limit  int default 1000
)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
    v_count int;
begin
    delete from pgflow.cached_outputs c
    where c.ctid = any (array(
        select o.ctid
        from pgflow.cached_outputs o
        where o.expires_at <= pgflow.clock()
        order by o.expires_at
        limit p_limit
        for update skip locked));
    get diagnostics v_count = row_count;
    return v_count = p_limit;
end;
$$;

-- _key_hash: stands for a key in the index; equal for JSON that is equal.

create or replace function pgflow._key_hash(
    p_key  jsonb
)
returns bytea
language sql
immutable
as $$
    select pg_catalog.sha256(pg_catalog.convert_to(p_key::text, 'UTF8'));
$$;

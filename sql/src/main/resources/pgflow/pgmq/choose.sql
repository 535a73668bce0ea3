-- The queues of the engine: what is there already, else the pgmq extension, else the project's own SQL.
--
-- A refused `create extension` is rolled back alone, so the rest of the installation goes on.
do $choose$
declare
    v_offered text := (select a.default_version from pg_catalog.pg_available_extensions a where a.name = 'pgmq');
    v_taken boolean := exists (
        select from pg_catalog.pg_class c where c.relnamespace = to_regnamespace('pgmq')
        union all
        select from pg_catalog.pg_proc p where p.pronamespace = to_regnamespace('pgmq'));
    v_missing text;
begin
    if not v_taken
       and string_to_array(substring(v_offered from '^\d+\.\d+'), '.')::int[] >= array[1, 5] then
        begin
            create extension pgmq;
            v_taken := true;
        exception when others then
            raise warning 'pgflow: the server offers pgmq % but does not create it: %', v_offered, sqlerrm
                using detail = 'The queues are made by pgflow''s own SQL in schema pgmq instead; it behaves the same.',
                      hint = 'To use the extension, let a superuser run "create extension pgmq" before the first migration.';
        end;
    end if;

    if not v_taken then
        execute $pgmq$
${pgmq}
$pgmq$;
    end if;

    select string_agg(f.signature, ', ' order by f.n)
    into v_missing
    from unnest(array[
        'pgmq.create(text)',
        'pgmq.drop_queue(text)',
        'pgmq.send(text,jsonb)',
        'pgmq.send(text,jsonb,jsonb,timestamptz)',
        'pgmq.send_batch(text,jsonb[])',
        'pgmq.send_batch(text,jsonb[],jsonb[],timestamptz)',
        'pgmq.read(text,int,int,jsonb)',
        'pgmq.delete(text,bigint)',
        'pgmq.delete(text,bigint[])',
        'pgmq.archive(text,bigint)',
        'pgmq.archive(text,bigint[])',
        'pgmq.set_vt(text,bigint,int)',
        'pgmq.metrics(text)',
        'pgmq.list_queues()']) with ordinality f (signature, n)
    where to_regprocedure(f.signature) is null;
    if v_missing is not null then
        raise exception 'the pgmq that is installed here is not one that pgflow can use: it lacks %', v_missing
            using errcode = 'PF008',
                  detail = 'pgflow needs pgmq 1.5 or newer.',
                  hint = 'Update it ("alter extension pgmq update"), or move the schema pgmq out of the way.';
    end if;
end;
$choose$;

package io.pgflow.sql;

import java.util.List;
import javax.sql.DataSource;

/** Everything that the schemas of the engine hold, one sorted line each, so that two databases can be compared. */
final class Catalog {
    private static final String LINES = """
            with ours as (select oid, nspname from pg_namespace where nspname in ('pgflow', 'pgmq'))
            select 'relation ' || c.oid::regclass || ' ' || c.relkind::text || ' ' || coalesce(c.reloptions::text, '')
            from pg_class c join ours n on n.oid = c.relnamespace
            union all
            select 'column ' || a.attrelid::regclass || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
                || ' ' || a.attnum || ' ' || a.attnotnull || a.attidentity::text || a.attgenerated::text
                || coalesce(' ' || pg_get_expr(d.adbin, d.adrelid), '')
            from pg_attribute a
            join pg_class c on c.oid = a.attrelid
            join ours n on n.oid = c.relnamespace
            left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
            where a.attnum > 0 and not a.attisdropped
            union all
            select 'constraint ' || k.conrelid::regclass || ' ' || k.conname || ' ' || pg_get_constraintdef(k.oid)
            from pg_constraint k join ours n on n.oid = k.connamespace
            union all
            select 'index ' || pg_get_indexdef(i.indexrelid)
            from pg_index i join pg_class c on c.oid = i.indexrelid join ours n on n.oid = c.relnamespace
            union all
            select 'trigger ' || pg_get_triggerdef(t.oid)
            from pg_trigger t join pg_class c on c.oid = t.tgrelid join ours n on n.oid = c.relnamespace
            where not t.tgisinternal
            union all
            select 'view ' || c.oid::regclass || ' ' || pg_get_viewdef(c.oid)
            from pg_class c join ours n on n.oid = c.relnamespace where c.relkind in ('v', 'm')
            union all
            select 'function ' || pg_get_functiondef(p.oid)
            from pg_proc p join ours n on n.oid = p.pronamespace where p.prokind in ('f', 'p')
            union all
            select 'type ' || t.oid::regtype || ' ' || t.typtype::text
            from pg_type t join ours n on n.oid = t.typnamespace
            union all
            select 'comment ' || pg_describe_object(d.classoid, d.objoid, d.objsubid) || ' ' || d.description
            from pg_description d
            where pg_describe_object(d.classoid, d.objoid, d.objsubid) ~ '(pgflow|pgmq)'
            order by 1
            """;

    private Catalog() {}

    static List<String> of(DataSource database) {
        return Sql.query(database, LINES);
    }
}

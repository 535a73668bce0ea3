-- Nobody but the owner reaches the schema until the owner says so (docs/operations.md).

revoke all on schema pgflow from public;
revoke all on all tables in schema pgflow from public;
revoke all on all functions in schema pgflow from public;

-- What only a superuser makes, and what depends on it.
create function nasty.native(int, int) returns int language internal immutable strict as 'int4pl';
create function nasty.proof(int) returns boolean language sql immutable leakproof as 'select $1 > 0';
create operator nasty.<+> (leftarg = int, rightarg = int, function = nasty.native);
create view nasty.on_native as select nasty.native(1, 2) as three;
create view nasty.on_that as select * from nasty.on_native;
create function nasty.backwards(int, int) returns int language sql immutable as 'select case when $1 < $2 then 1 when $1 > $2 then -1 else 0 end';
create operator class nasty.backward for type int using btree as
  operator 1 > , operator 2 >= , operator 3 = , operator 4 <= , operator 5 < , function 1 nasty.backwards(int, int);
create index by_class on nasty.hen (id nasty.backward);
create cast (int as date) without function;
create function nasty.fired() returns event_trigger language plpgsql as 'begin null; end';
create event trigger watched on ddl_command_end execute function nasty.fired();
create publication everything for table nasty.hen where (id > 0), nasty.egg;
grant execute on function pg_catalog.pg_switch_wal() to nasty_reader;
create foreign data wrapper nasty_wrapper;

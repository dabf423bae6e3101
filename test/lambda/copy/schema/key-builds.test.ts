import { keyBuildOf } from '../../../../lambda/copy/schema/key-builds';

const TABLE = '"Shop"."Or""der"';
const dumped = (definition: string): string =>
  `ALTER TABLE ONLY "Shop"."Or""der"\n    ADD CONSTRAINT "the ""key""" ${definition}`;

it.each([
  ['PRIMARY KEY (id)', '(id)', 'primary key'],
  ['PRIMARY KEY (id, "Größe, (x)")', '(id, "Größe, (x)")', 'primary key'],
  ['UNIQUE (a, b)', '(a, b)', 'unique'],
])('takes over %s from an index of its name', (definition, columns, kind) => {
  expect(keyBuildOf(dumped(definition), TABLE)).toEqual({
    build: `create unique index "the ""key""" on only ${TABLE} using btree ${columns}`,
    take: `alter table only ${TABLE} add constraint "the ""key""" ${kind} using index "the ""key"""`,
  });
});

it('keeps that nulls are alike', () => {
  expect(keyBuildOf(dumped('UNIQUE NULLS NOT DISTINCT (a)'), TABLE)).toEqual({
    build: `create unique index "the ""key""" on only ${TABLE} using btree (a) nulls not distinct`,
    take: `alter table only ${TABLE} add constraint "the ""key""" unique using index "the ""key"""`,
  });
});

it.each([
  'PRIMARY KEY (id) DEFERRABLE INITIALLY DEFERRED',
  'UNIQUE (id) INCLUDE (body)',
  "PRIMARY KEY (id) WITH (fillfactor='70')",
  'PRIMARY KEY (id, during WITHOUT OVERLAPS)',
  'EXCLUDE USING gist (during WITH &&)',
  'CHECK ((id > 0))',
  'UNIQUE (id',
])('leaves %s as the dump has it', (definition) => {
  expect(keyBuildOf(dumped(definition), TABLE)).toBeNull();
});

-- Identifiers that break what is not quoted (fault 105): cases, quotes, reserved words, blanks, format and parameter
-- markers, letters beyond ASCII, and exactly 63 bytes.
create table "Odd Names"."Mixed Case" (
  "Id" integer generated always as identity primary key,
  "$1" text,
  "%I" text,
  "%s %% {}" integer,
  "quo""te" text,
  "it's" text,
  "select" boolean,
  " blank " text,
  "back\slash" text,
  "semi;colon--comment/*" text,
  "line
break" text,
  "größe" numeric,
  "列" text
);
create table "Odd Names"."select" ("from" integer primary key, "where" text);
create table "Odd Names"."user" ("order" integer, "group" text, "limit" text, primary key ("group", "order"));
create table "Odd Names"."Übergröße 日本語 таблица" ("ключ" integer primary key, "значение" text);
create table "Odd Names"."semi;colon"";drop table x;--" (id integer primary key, v text);
create table "Odd Names".a_name_of_exactly_sixty_three_bytes_0123456789_0123456789_01234 (
  a_column_of_exactly_sixty_three_bytes_123456789_0123456789_0123 integer primary key,
  b text
);
create table "Odd Names"."日本語日本語日本語日本語日本語日本語日本語" (id integer primary key, v text);
create sequence "Odd Names"."Sequence ""with"" quotes" start with 77;
create type "Odd Names"."Enum Type" as enum ('a', 'A', ' ', '''', '"', '');
create table "Odd Names"."typed" (id integer primary key, v "Odd Names"."Enum Type");

create table if not exists notes (
  id bigint generated always as identity primary key,
  text text not null,
  made timestamptz not null default now()
);

/** Where the rehearsal pretends to be: fixed names, so that two reports can be compared. */

export const ACCOUNT = '111122223333';
export const REGION = 'us-east-1';
/** The migration id of every rehearsal. */
export const MIGRATION = 'rehearsal';

/** Sessions of the rehearsal as the master user pass for the migration's own: a stranger's would block it. */
export const OWN_APPLICATION = `sealift/${MIGRATION}/rehearsal`;
export const SOURCE_INSTANCE = 'rehearsal-source';
/** Name of a source that AWS does not manage, and of its host, which the functions' resolver knows. */
export const OUTSIDE_SOURCE = 'rehearsal-outside';
export const OUTSIDE_HOST = 'db1.outside.localhost';
export const ZONE_NAME = 'rehearsal.internal';
/** The name that the writers connect to. */
export const RECORD_NAME = 'db.rehearsal.internal';
export const RECORD_TTL_SECONDS = 5;
/** The parameter that applications read when it is their switch. */
export const PARAMETER_NAME = '/rehearsal/database';
/** The proxy that applications connect to when it is their switch. */
export const PROXY_NAME = 'rehearsal-proxy';
/** Security group of the applications, and of their proxy. */
export const CLIENTS_GROUP = 'sg-1b2c3d4e5f607182a';
export const MASTER_USERNAME = 'dbadmin';

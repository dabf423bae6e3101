/** Where the rehearsal pretends to be: fixed names, so that two reports can be compared. */

export const ACCOUNT = '111122223333';
export const REGION = 'us-east-1';
/** The migration id of every rehearsal. */
export const MIGRATION = 'rehearsal';
export const SOURCE_INSTANCE = 'rehearsal-source';
export const ZONE_NAME = 'rehearsal.internal';
/** The name that the writers connect to. */
export const RECORD_NAME = 'db.rehearsal.internal';
export const RECORD_TTL_SECONDS = 5;
export const MASTER_USERNAME = 'dbadmin';

/** RDS: list and delete the snapshots of backups. The only place that deletes any. */
import { DeleteDBSnapshotCommand, DescribeDBSnapshotsCommand, RDSClient } from '@aws-sdk/client-rds';
import { NotReady } from '../errors';
import { CLIENT_LIMITS, callAws } from './aws-call';
import { type DescribedSnapshot, describeSnapshot } from './rds';

const client = new RDSClient(CLIENT_LIMITS);

/** Every manual snapshot of the account in this Region, whatever it was taken of: instances that are gone have backups too. */
export async function listManualSnapshots(): Promise<DescribedSnapshot[]> {
  return callAws({ action: 'rds:DescribeDBSnapshots', resource: 'the manual snapshots of the account' }, async () => {
    const found: DescribedSnapshot[] = [];
    let marker: string | undefined;
    // Ends with the last page; half a list is never an answer, because a retention that misses the last good one would remove it.
    do {
      const answer = await client.send(
        new DescribeDBSnapshotsCommand({ SnapshotType: 'manual', ...(marker !== undefined && { Marker: marker }) }),
      );
      found.push(...(answer.DBSnapshots ?? []).map(describeSnapshot));
      marker = answer.Marker;
    } while (marker !== undefined && marker !== '');
    return found;
  });
}

/** Deletes a manual snapshot; false when there is none of that name any more. Throws `NotReady` while it is made or copied. */
export async function deleteSnapshot(snapshotId: string): Promise<boolean> {
  return callAws<boolean>(
    { action: 'rds:DeleteDBSnapshot', resource: `snapshot ${snapshotId}` },
    async () => {
      await client.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: snapshotId }));
      return true;
    },
    {
      DBSnapshotNotFoundFault: () => false,
      InvalidDBSnapshotStateFault: (cause) => {
        throw new NotReady(`snapshot ${snapshotId} cannot be deleted in its present state`, { cause });
      },
    },
  );
}

import { describeWayBack } from './way-back';

describeWayBack(17, 6, { failures: true, end: 'rollback' });

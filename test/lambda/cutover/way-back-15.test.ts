import { describeWayBack } from './way-back';

// What is different here: no `origin = none`.
describeWayBack(15, 3, { failures: false, end: 'retire' });

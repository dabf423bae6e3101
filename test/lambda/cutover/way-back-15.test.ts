import { describeWayBack } from './way-back';

describeWayBack(15, 3);

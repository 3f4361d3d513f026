import { WebRtcPeer } from './webrtc/webrtc-peer.ts';
const p = await WebRtcPeer.offering(5);
console.log(p.description, p.port, p.state);
p.close();

/** What the postcodes of the United Kingdom begin with, and the states whose ZIP codes follow their names. Facts, not rules. */

export const UK_AREAS = new Set(
  (
    'ab al b ba bb bd bh bl bn br bs bt bx ca cb cf ch cm co cr ct cv cw da dd de dg dh dl dn dt dy e ec eh en ex fk fy g gl ' +
    'gu gy ha hd hg hp hr hs hu hx ig im ip iv je ka kt kw ky l la ld le ll ln ls lu m me mk ml n ne ng nn np nr nw ol ox ' +
    'pa pe ph pl po pr rg rh rm s sa se sg sk sl sm sn so sp sr ss st sw sy ta td tf tn tq tr ts tw ub w wa wc wd wf wn ' +
    'wr ws wv yo ze'
  ).split(' '),
);

export const US_STATES = new Set(
  (
    'al ak az ar ca co ct de fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh ok or pa ri ' +
    'sc sd tn tx ut vt va wa wv wi wy dc pr gu vi aa ae ap alabama alaska arizona arkansas california colorado ' +
    'connecticut delaware florida georgia hawaii idaho illinois indiana iowa kansas kentucky louisiana maine maryland ' +
    'massachusetts michigan minnesota mississippi missouri montana nebraska nevada hampshire jersey mexico york carolina ' +
    'dakota ohio oklahoma oregon pennsylvania tennessee texas utah vermont virginia washington wisconsin wyoming'
  ).split(' '),
);

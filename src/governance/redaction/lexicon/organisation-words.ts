/** Words that firms and bodies are called by. */

/** The legal form: what stands before it is a firm. */
export const LEGAL_FORMS = words(
  'inc incorporated llc llp ltd limited plc corp corporation gmbh ag bv nv oy oyj ab srl spa sarl pty kg kft sro doo sa',
);

/** Legal forms that are ordinary words or letters too. */
export const LOOSE_FORMS = words('limited ag ab spa sa nv oy kg bv as');

/** Follow a name and make it a firm's. */
export const FIRM_WORDS = words(`
  group company co bank banking holdings holding technologies technology tech systems solutions software partners
  associates consulting consultants consultancy services insurance insurances labs laboratories industries enterprises
  international global worldwide capital ventures investments financial finance funding trust securities markets
  media networks network communications telecom telecommunications energy pharmaceuticals pharma
  foundation institute university college academy school hospital clinic surgery museum council agency department
  ministry association federation committee airlines airways motors hotels hotel logistics transit lines brothers bros
  sons magazine news press records studios pictures entertainment supermarket store stores restaurant bakery pharmacy
  data research analytics digital interactive resources properties realty estates
`);

function words(list: string): readonly string[] {
  return list.split(/\s+/u).filter((word) => word !== '');
}

/**
 * The words of talk itself: those that bind sentences, those that keep a call going, and what the general word lists
 * do not know. Nothing here is ever a value by itself.
 */

/** Binds sentences; a name, a street or a firm never goes on across one of them. */
export const CLOSED_WORDS = words(`
  a an the this that these those my your his her its our their mine yours hers ours theirs whose
  i me you he him she it we us they them myself yourself himself herself itself ourselves themselves who whom
  what which when where why how whatever whichever whenever wherever whoever however
  and or but nor so yet if then than because since while although though unless until till whether as
  of to in on at by for from with without about into onto over under after before between through during against
  within out off up down again near around across along behind beside beyond except per upon toward towards via
  is am are was were be been being do does did done doing have has had having can could may might must shall should
  will would ought not no nor any some every each all both either neither none such other another same own
  there here now just only also too very more most much many few less least again ever never always still already
  i'm i've i'll i'd you're you've you'll you'd he's he'll he'd she's she'll she'd it's it'll it'd we're we've we'll
  we'd they're they've they'll they'd that's that'll that'd there's there'll here's what's what're what'll who's
  who'll who'd where's when's why's how's how'd let's isn't aren't wasn't weren't don't doesn't didn't haven't hasn't
  hadn't can't couldn't won't wouldn't shan't shouldn't mustn't mightn't needn't ain't y'all o'clock ma'am
  im ive youre youve theyre theyve weve dont doesnt didnt isnt arent wasnt werent havent hasnt hadnt cant couldnt
  wont wouldnt shouldnt thats whats theres heres lets wheres whos hows ll ve re
`);

/** Keeps a call going: what is said around an answer and is not the answer. */
export const TALK_WORDS = words(`
  yes yeah yep yup ya aye no nope nah ok okay okey right sure alright correct exactly absolutely definitely certainly
  please thanks thank thankyou ta cheers sorry pardon excuse hello hi hey hiya hullo bye goodbye good great fine
  perfect lovely brilliant cool nice wonderful excellent morning afternoon evening uh um er erm eh ah oh hm hmm mm mhm
  mmhm huh uhm ehm ugh wow oops well actually basically literally obviously really maybe perhaps probably anyway like
  mean know think guess believe suppose let got get go going gonna wanna gotta kinda sorta lemme gimme dunno
  name names surname surnames forename first last middle full family given maiden called spelled spelt spell spelling
  say said says saying repeat again question hear heard listen wait hold moment second minute sec hang bear
  one's want need help speak speaking talk talking tell told ask asked asking give gave see look come
  letter letters capital double space hyphen dash apostrophe dot point number numbers digit digits code
  sir madam mister maam mate love dear customer caller agent person someone somebody anyone anybody nobody everybody
  everyone something anything nothing everything yet etc
`);

/** What follows a count of something, so that the number before it is not a house number. */
export const MEASURE_WORDS = words(`
  dollar dollars pound pounds euro euros cent cents pence penny pennies quid buck bucks rupee rupees yen franc francs
  percent per second seconds minute minutes min mins hour hours hr hrs day days night nights week weeks weekend weekends
  month months year years yr yrs decade decades century time times am pm a.m p.m o'clock oclock noon midnight
  mile miles km kilometer kilometers kilometre kilometres meter meters metre metres foot feet inch inches yard yards
  kilo kilos kg gram grams pound lb lbs ounce ounces ton tons tonne tonnes litre litres liter liters gallon gallons
  gig gigs gigabyte gigabytes gb mb tb kb megabyte megabytes meg megs kbps mbps gbps watt watts volt volts amp amps
  degree degrees point points people persons person men women children kids adults guests items item things pieces
  copies copy boxes bags bottles tickets seats calls emails messages texts payments payment transactions transaction
  orders order devices lines users accounts cards card numbers digits digit letters words questions options option
  more less of or and to for other others each times tablets pills percentages stars star million billion thousand
  hundred dozen bit bits
`);

/** Everyday words that came after the word lists were made, or that they leave out: calendar, trade and machines. */
export const NEWER_WORDS = words(`
  monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays
  sundays mon tue tues wed thu thur thurs fri sat sun jan feb mar apr jun jul aug sep sept oct nov dec
  january february march april may june july august september october november december
  christmas xmas easter halloween thanksgiving ramadan eid diwali hanukkah passover god lord internet web
  wifi wi fi broadband fibre fiber router routers modem ethernet hotspot bluetooth usb hdmi sim esim sims app apps
  android iphone iphones ipad ipads imac macbook ios smartphone smartphones laptop laptops tablet smartwatch chromecast
  online offline website websites webpage webpages webchat chatbot chatbots bot bots login logins logon logout signup
  username usernames password passwords passcode passcodes passphrase email emails emailed emailing inbox voicemail
  voicemails text texts texted texting sms mms whatsapp skype zoom facetime podcast blog vlog selfie emoji emojis
  google googled googling paypal visa mastercard amex maestro
  ssn iban bic swift cvv cvc csc otp pin pins atm atms ach apr vat gst tin ein itin dob id ids pdf pdfs faq faqs url
  urls http https www com org net ip vpn dns gps usa uk tv tvs dvd cd cds pc pcs it hr ceo ceos cfo cto cio coo vp
  asap eta fyi diy lcd led sd hd uhd ok okay etc eg ie aka vs nhs dvla hmrc irs dmv dna covid coronavirus
  pandemic lockdown quarantine vax vaxxed booster mri ct iv er icu gp gps pcr
  checkout preorder preorders prepay prepaid postpaid autopay direct debit overdraft overdrafts chargeback chargebacks
  cashback refund refunds refunded refunding refundable nonrefundable reimburse reimbursed payee payees payer remittance
  mortgage mortgages remortgage ecommerce fintech crypto bitcoin blockchain cryptocurrency contactless tapped topup
  postcode postcodes zipcode zipcodes zip zips sortcode cardholder cardholders callback callbacks helpline helpdesk
  screenshot screenshots unsubscribe unsubscribed upload uploaded uploading uploads download downloaded downloading
  downloads reboot rebooted rebooting reset resets resetting update updates updated updating upgrade upgrades
  upgraded downgrade downgraded streaming buffering timeslot timeslots appointment appointments reschedule rescheduled
  rescheduling booking bookings rebook rebooked rebooking cancellation cancellations cancelled canceled cancelling
  canceling check checkin cellphone cellphones landline landlines dialled dialed dialling dialing dialler hotline
  preferred parcel parcels courier couriers dispatched dispatch tracked tracking voucher vouchers promo promos ebook
  paperless e-statement timeframe timeframes onboarding workflow workflows backend frontend dropdown popup toolbar
  touchscreen touchpad trackpad firmware malware spyware phishing scam scams scammer scammers scammed spam ransomware
  data metadata dataset analytics lifecycle startup startups microservice webinar webinars freelancer freelance
  cafe cafes takeaway gluten vegan vegans veggie barista smoothie burrito pizza pizzas
  daycare childcare homecare healthcare wellbeing mindfulness yoga pilates gym gyms telehealth paracetamol ibuprofen
  aspirin antibiotics antibiotic insulin statin statins inhaler inhalers copay copays deductible deductibles
  hatchback suv suvs ev evs hybrid hybrids satnav dashcam roadside breakdown mot airbag airbags airbnb uber lyft
  mum mums mom moms dad dads grandma grandpa granny nan nanny auntie uncle hubby stepdad stepmum stepmom stepson
  stepdaughter grandkid grandkids kiddo mate mates guys lad lads bloke
  gonna wanna gotta kinda sorta lemme gimme dunno outta gotcha ain't innit cuz coz cos cause till til tho thru nite
  whoa yikes yay nah yep yup yeah uh um er erm uhm hm hmm mm mhm huh eh ah aha ooh ugh wow oops ha haha hehe lol omg
  alright awkwardly everytime anyways alot aswell somewhat someplace anymore nowadays upfront ongoing overall standalone
  st nd rd th ll ve re
`);

function words(list: string): readonly string[] {
  return list.split(/\s+/u).filter((word) => word !== '');
}

"""Invented English domains, as text: what a catalog holds and the words its titles are made of.

A block is a domain: `name | one | many | title words`, then its columns. `=` one value, `*` several, `#` a number with
its range and unit, `?` yes or no. Values may carry other words for the same thing: `frugal (cheap, low cost)`.
"""

TRAIN = """
craft_kits | craft kit | craft kits | Loom, Candle, Mosaic, Origami, Clay, Ribbon, Stamp
craft = weaving, candle making, pottery (clay work), paper folding, jewellery, soap making
good_for * children (kids), beginners, groups, quiet evenings, gifts, rainy days
hours # 1-24 hours
pieces # 5-400
price # 6-140 $
refillable ? refills available

cameras | camera | cameras | Optic, Lens, View, Shot, Focus, Prism, Field
type = compact (pocket size), mirrorless, reflex, bridge, action (sports), instant
brand = Norvik, Halden, Okura, Brenner, Sato, Lumo
features * touchscreen, weather sealing (rain proof), flip screen, fast burst, built-in flash
weight # 120-1400 g
price # 60-3200 €
wifi ? wireless transfer

ski_resorts | resort | ski resorts | Peak, Slopes, Glacier, Alm, Bowl, Chutes, Horn
country = Austria, Norway, Canada, Japan, Andorra, Slovenia
level = gentle (for learners, easy), mixed, steep (demanding, for experts)
offers * night skiing, cross-country tracks, sledging, snow park, spa, ski school
slopes_km # 4-320 km
day_pass # 18-110 €
glacier ? snow all year

spas | spa | spas | Springs, Baths, Retreat, Sanctuary, Oasis, Lagoon
setting = forest, lakeside (by the lake), mountains, city, island, vineyard
style = classic, nordic, oriental, modern (contemporary), rustic
treatments * massage, mud bath, sauna, facial, yoga, hot stone, salt room
day_ticket # 15-260 €
rooms # 6-180
adults_only ? adults only

wines | wine | wines | Estate, Cellar, Hill, Terrace, Abbey, Creek, Reserve
colour = red, white, rosé, sparkling (bubbly), orange
grape = Marselan, Pinot Noir, Riesling, Syrah, Chardonnay, Grenache, Furmint
notes * cherry, oak, citrus, honey, pepper, flowers, smoke
year # 1998-2023
price # 5-180 $
organic ? organic

newsletters | newsletter | newsletters | Brief, Dispatch, Weekly, Digest, Notes, Letter, Memo
topics * economy, gardening, climate, chess, parenting, architecture, football, startups
tone = witty (funny), sober (matter-of-fact), personal, provocative
length # 2-30 min
price_a_month # 0-20 $
with_audio ? can be listened to

bicycles | bicycle | bicycles | Sprint, Cruiser, Rider, Trail, Comet, Swift, Nomad
type = city, road (racing), mountain (off-road), gravel, folding, cargo, electric (motor assisted)
frame = aluminium, steel, carbon, titanium
colors * black, red, blue, green, white, yellow
gears # 1-27
weight_kg # 7-34 kg
price_eur # 180-6200 €

dance_schools | school | dance schools | Rhythm, Steps, Ballroom, Motion, Tempo, Studio
dances * salsa, tango, ballet, hip hop, swing, waltz, tap
level = beginner (for starters), intermediate, advanced, mixed
area = centre, north side, riverside, old harbour, suburbs
price_per_month # 25-190 €
class_size # 4-30
partner ? a partner is needed

aquarium_fish | fish | fish | Tetra, Guppy, Barb, Loach, Angel, Danio, Gourami
temper = peaceful (calm), shy, lively, aggressive (territorial)
colours * silver, orange, neon blue, black, red, striped
care = simple (easy, undemanding), moderate, difficult
size # 2-40 cm
tank # 20-600 l
price # 1-90 $
in_groups ? lives in a shoal

jobs | job | jobs | Analyst, Manager, Engineer, Assistant, Designer, Technician, Advisor
sector = health, education, energy, retail, software (tech), logistics, public service
contract = permanent, temporary, freelance, internship
benefits * flexible hours, company car, training, childcare, stock options, extra holiday
salary # 24000-145000 $
hours_per_week # 8-42 h
remote ? work from home

restaurants | restaurant | restaurants | Table, Kitchen, Spoon, Terrace, Corner, Garden, Oven
cuisine = Lebanese, Peruvian, Georgian, Korean, Basque, Ethiopian, Thai, Greek
area = harbour, old town, university, river side, west end
good_for * families (with children), dates (romantic), groups, business lunch, late night, vegetarians
price_level # 1-4
rating # 2.5-5
terrace ? outdoor seating

songs | song | songs | Night, Rain, Fire, Road, Heart, River, Shadow, Summer
genre = folk, soul, techno, jazz, punk, ambient, reggae
mood = melancholic (sad), happy (cheerful), angry, dreamy, energetic (upbeat)
instruments * piano, violin, trumpet, banjo, synthesizer, harp
year # 1958-2024
bpm # 58-190 bpm
instrumental ? without singing

headphones | headphone | headphones | Tone, Pulse, Echo, Air, Bass, Aura
kind = over-ear, on-ear, in-ear (earbuds), open-ear
brand = Aurivox, Klang, Denby, Sonaro, Pell
features * noise cancelling (blocks noise), waterproof (for swimming), microphone, foldable, multipoint
battery # 4-80 h
price # 15-700 €
wireless ? without cable

apartments | flat | flats | Court, Terrace, View, Gardens, Lofts, Yard
district = Eastgate, Old Mill, Riverside, Northfield, Harbour Hill
type = studio, loft, family flat, penthouse, ground floor
extras * balcony, lift, parking, garden, fireplace, cellar
rent # 380-3900 €
rooms # 1-6
size_sqm # 18-220 m²
furnished ? furnished

magazines | magazine | magazines | Mirror, Compass, Horizon, Quarterly, Plate, Monocle, Herald
subjects * travel, science, cooking, design, sailing, photography, politics, crafts
rhythm = weekly, monthly (every month), quarterly
audience = teenagers, general, experts (professionals), families
pages # 24-220 pages
price # 2-28 €
printed ? on paper

escape_rooms | escape room | escape rooms | Vault, Asylum, Tomb, Laboratory, Submarine, Heist, Attic
theme = crime, horror (scary), science fiction, adventure, fairy tale, history
mood * tense, humorous (funny), spooky, brainy, physical
difficulty = easy, medium, hard (tricky), extreme
team # 2-10
minutes # 40-120 min
price # 15-60 $
actors ? with live actors

knitting_patterns | pattern | patterns | Shawl, Cable, Mitten, Pullover, Beanie, Cardigan
garment = sweater (jumper), scarf, hat, socks, blanket, gloves
yarn_weight = lace, fingering, worsted, bulky (chunky)
techniques * cables, lace, colorwork, ribbing, brioche
difficulty = easy (simple), medium, hard (tricky)
hours # 3-120 h
free ? free of charge

recipes | recipe | recipes | Stew, Salad, Pie, Curry, Soup, Bake, Noodles
course = starter, main dish, dessert (sweet), breakfast, snack
ingredients * chickpeas, salmon, chicken, lentils, mushrooms, chocolate, apples, tofu
diet * vegan (plant based), vegetarian (no meat), gluten free, dairy free
minutes # 5-240 min
calories # 80-1200 kcal
spicy ? hot

running_shoes | shoe | shoes | Glide, Stride, Rush, Rebound, Tempo, Ghost
surface = road, trail (off-road), track, treadmill
cushion = soft (plush), medium, firm (stiff)
colours * black, white, orange, teal, pink, grey
weight_g # 140-380 g
drop_mm # 0-12 mm
price # 45-280 $
wide ? wide fit

city_trips | trip | trips | Weekend, Escape, Discovery, Stroll, Getaway
country = Norland, Valdoria, Estania, Morava, Lusia, Kareth
theme * food (eating out), art, nightlife (parties), history, shopping, architecture, spa
season = spring, summer, autumn (fall), winter
days # 1-10
cost # 90-2900 €
by_train ? reachable by train

horses | horse | horses | Comet, Duchess, Thunder, Clover, Baron, Juniper
breed = Haflinger, Arabian, Frisian, Shetland, Hanoverian, Connemara
temper = gentle (calm, quiet), lively, headstrong (stubborn), steady
trained_for * jumping, dressage, trekking, carriage, therapy, western
age # 3-24 years
height # 95-185 cm
price # 900-30000 €
for_beginners ? suits beginners

beers | beer | beers | Barrel, Brew, Hop, Anchor, Monk, Fox
style = lager, stout, wheat beer, pale ale, sour, porter
aroma * coffee, banana, citrus, caramel, pine, smoke
abv # 0-12 %
bitterness # 5-100
brewery = Fox & Anvil, Kloster, Harbour, Steam Works, Old Oak
bottled ? in bottles

tutors | tutor | tutors | Lessons, Coaching, Circle, Hour, Practice
subject = maths, physics, English, violin, chemistry, history, drawing
methods * homework help, exam training, games, conversation, small groups
experience # 1-35 years
rate # 12-95 €
rating # 1-5 stars
comes_home ? comes to your home

furniture | piece | pieces | Oslo, Bergen, Malmo, Turku, Aarhus, Visby
category = sofa (couch), desk, bookcase (shelves), bed, armchair, dining table
material = oak, walnut, metal, velvet, rattan, pine
style * scandinavian, industrial, vintage (old fashioned), modern, rustic
width_cm # 40-320 cm
price # 35-4200 €
in_stock ? available now

charities | charity | charities | Hope, Bridge, Shelter, Future, Hands
cause = animals, refugees, education, health, climate (environment), arts
ways_to_help * donate, volunteer, mentor, fundraise, adopt
region = local, national, international (worldwide)
founded # 1890-2022
overhead # 2-38 %
tax_deductible ? tax deductible

perfumes | perfume | perfumes | Mist, Bloom, Amber, Noir, Silk, Dawn
family = floral (flowery), woody, fresh, oriental, citrus
notes * vanilla, jasmine, cedar, musk, bergamot, leather, rose
occasion = everyday, evening (a night out), office, summer
price # 18-340 €
lasting_hours # 2-14 h
unisex ? unisex

laptops | laptop | laptops | Book, Pad, Blade, Note, Core
use = gaming, office, travel (on the road), video editing, school
brand = Corvid, Helix, Tavo, Nimbus, Quill
ports * usb-c, hdmi, ethernet, card reader
ram_gb # 4-64 GB
weight # 0.9-3.6 kg
price # 240-3900 $
touchscreen ? touchscreen

comic_series | comic | comics | Masks, Comet, Raven, Clockwork, Titans, Alley
genre = superhero, manga, slice of life (everyday life), noir, fantasy, humour (funny)
themes * friendship, robots, magic, school, detectives, family
volumes # 1-72
year # 1961-2024
age_from # 6-18
finished ? completed

camping_sites | campsite | campsites | Pines, Bay, Meadow, Dunes, Creek
landscape = lakeside, mountains, forest (woods), coast (seaside), valley
facilities * showers, shop, playground, boat rental, electricity, laundry
price # 6-75 €
pitches # 8-420
quiet ? quiet at night
open_all_year ? open in winter

teas | tea | teas | Mist, Jade, Cloud, Garden, Pearl, Leaf
type = green, black, oolong, herbal (without caffeine), white, puer
taste * smoky, flowery (floral), malty, fresh, sweet, bitter
origin = Assam, Fujian, Uji, Ceylon, Nilgiri
steep_minutes # 1-10 min
price_100g # 3-90 €
caffeine ? caffeinated

gym_classes | class | classes | Burn, Flow, Pulse, Core, Power
type = spinning, boxing, pilates, dance, circuit, stretching
intensity = gentle (easy going), medium, hard (exhausting)
trains * back, legs, arms, endurance (stamina), balance
minutes # 20-90 min
price # 5-35 $
with_music ? with music

watches | watch | watches | Mariner, Pilot, Meridian, Chrono, Quartz
style = diver, dress (elegant), field, pilot, sports
strap = leather, steel, rubber, textile
functions * alarm, stopwatch, date, moon phase, second time zone
diameter_mm # 28-48 mm
price # 30-9800 €
automatic ? self-winding

phone_apps | app | apps | Flow, Buddy, Mate, Track, Box
category = fitness, notes, budget, meditation, navigation, recipes
platform * android, ios, web, watch
size_mb # 3-900 MB
price # 0-60 $
rating # 1.5-5
offline ? works offline

theatre_plays | play | plays | Curtain, Mirror, Ghosts, Orchard, King
genre = tragedy, comedy (funny), musical (with singing), farce, drama
themes * power, love, justice, family, betrayal, madness
minutes # 45-210 min
cast_size # 1-24
written # 1590-2023
family_friendly ? suitable for kids

motorbikes | motorbike | motorbikes | Falcon, Drifter, Raider, Strada, Nomad, Viper
kind = touring, cruiser, sport (fast), enduro (off-road), scooter, classic (vintage)
brand = Moretti, Hawkins, Tanaka, Brandt, Zephyr
extras * heated grips, ABS, panniers (luggage), windscreen, quickshifter
engine # 50-1300 ccm
weight # 90-380 kg
price # 700-24000 €
electric ? electric

cheeses | cheese | cheeses | Wheel, Blue, Crown, Alp, Cave
milk = cow, goat, sheep, buffalo
texture = soft (creamy), semi-hard, hard, fresh, crumbly
taste * mild, nutty, salty, sharp (strong), sweet
age_months # 0-48 months
price_kg # 8-85 €
raw_milk ? unpasteurised

meditations | session | sessions | Breath, Ocean, Evening, Stillness, Candle
goal = sleep (falling asleep), focus (concentration), stress relief, gratitude, energy
voice = female, male, none
sounds * rain, ocean waves, bells, birdsong, silence
minutes # 3-60 min
for_beginners ? good for beginners

co_working | space | spaces | Hub, Loft, Factory, Nest, Dock
district = Eastgate, Riverside, Old Mill, Station Quarter
atmosphere = quiet (silent), lively, creative, corporate
offers * meeting rooms, phone booths, coffee, bike parking, events, kitchen
price_month # 60-680 €
desks # 6-240
open_24h ? open around the clock
"""

DEV = """
kites | kite | kites | Falcon, Delta, Breeze, Arrow, Mistral
shape = delta, diamond, box, parafoil, stunt (tricks)
made_of = nylon, paper, polyester
suits * beginners (first timers), children (kids), strong wind, light wind, teams
span_cm # 40-420 cm
price # 6-260 €
tail ? with a tail

boat_rentals | boat | boats | Gull, Pearl, Tide, Marlin, Drift
type = kayak, sailing boat, motor boat, houseboat, pedal boat
lake = Lake Orla, Blue Bay, Long Sound, Mirror Lake
equipment * life jackets, fishing gear, kitchen, sun roof, sound system
seats # 1-14
price_per_day # 12-540 €
licence ? licence needed

mattresses | mattress | mattresses | Cloud, Dream, Rest, Nest, Feather
kind = foam, spring, latex, hybrid
firmness = soft, medium, firm (hard), extra firm
good_for * back pain, side sleepers, couples, hot sleepers (sweating), children
price # 79-2600 $
height_cm # 10-36 cm
washable_cover ? washable cover

volunteer_posts | post | posts | Friends, Circle, Garden, Bridge, Helpers
field = elderly care, animals, sports, environment (nature), refugees, culture
tasks * driving, teaching, gardening, cooking, office work, talking
hours_per_month # 2-40 h
town = Elmstead, Norwick, Tarn, Old Ferry
weekends ? on weekends

puzzles | puzzle | puzzles | Harbour, Mosaic, Castle, Garden, Galaxy
motif = landscape, animals, city, art, fantasy, maps
kind = jigsaw, wooden, three dimensional (3d), mechanical
suits * families, patient people, children (kids), collectors
parts # 12-5000
price # 4-120 €
glow ? glows in the dark

gardens_tools | tool | tools | Root, Spade, Thorn, Acorn, Willow
job = digging, cutting (pruning), watering, mowing, planting
power = manual (by hand), battery, corded, petrol
traits * lightweight, foldable, silent (quiet), durable, for small hands
price # 5-620 €
weight # 0.1-28 kg
warranty ? with warranty
"""

//! The words a catalogue is made of.

/// A kind of goods and what its products are called, come in and cost.
pub(super) struct Line {
    pub(super) product_type: &'static str,
    pub(super) code: &'static str,
    pub(super) nouns: &'static [&'static str],
    /// The first option of products with several variants.
    pub(super) option: &'static str,
    pub(super) sizes: &'static [&'static str],
    /// Lowest and highest price, in minor units.
    pub(super) price: (u64, u64),
}

const LETTERS: &[&str] = &["XS", "S", "M", "L", "XL", "2XL", "3XL", "4XL", "5XL", "6XL"];
const SHOES: &[&str] = &["36", "37", "38", "39", "40", "41", "42", "43", "44", "45"];
const WEIGHTS: &[&str] = &[
    "100 g", "200 g", "250 g", "500 g", "750 g", "1 kg", "1.5 kg", "2 kg", "3 kg", "5 kg",
];
const LENGTHS: &[&str] = &[
    "30 cm", "40 cm", "50 cm", "60 cm", "80 cm", "100 cm", "120 cm", "140 cm", "160 cm", "200 cm",
];
const VOLUMES: &[&str] = &[
    "15 ml", "30 ml", "50 ml", "75 ml", "100 ml", "150 ml", "200 ml", "250 ml", "400 ml", "500 ml",
];

pub(super) const LINES: &[Line] = &[
    Line {
        product_type: "Shirts",
        code: "SHI",
        nouns: &[
            "Oxford Shirt",
            "T-Shirt",
            "Polo",
            "Overshirt",
            "Blouse",
            "Henley",
        ],
        option: "Size",
        sizes: LETTERS,
        price: (1_900, 11_900),
    },
    Line {
        product_type: "Knitwear",
        code: "KNI",
        nouns: &["Crewneck Jumper", "Cardigan", "Roll Neck", "Vest", "Beanie"],
        option: "Size",
        sizes: LETTERS,
        price: (2_900, 18_900),
    },
    Line {
        product_type: "Trousers",
        code: "TRO",
        nouns: &["Chinos", "Jeans", "Joggers", "Wide Trousers", "Shorts"],
        option: "Size",
        sizes: LETTERS,
        price: (3_900, 15_900),
    },
    Line {
        product_type: "Shoes",
        code: "SHO",
        nouns: &["Runner", "Derby", "Chelsea Boot", "Sandal", "Trail Shoe"],
        option: "Size",
        sizes: SHOES,
        price: (5_900, 24_900),
    },
    Line {
        product_type: "Bags",
        code: "BAG",
        nouns: &["Tote", "Backpack", "Weekender", "Crossbody", "Pouch"],
        option: "Length",
        sizes: LENGTHS,
        price: (2_400, 32_000),
    },
    Line {
        product_type: "Coffee & Tea",
        code: "COF",
        nouns: &[
            "Espresso Blend",
            "Filter Roast",
            "Green Tea",
            "Rooibos",
            "Cold Brew",
        ],
        option: "Weight",
        sizes: WEIGHTS,
        price: (590, 5_900),
    },
    Line {
        product_type: "Skincare",
        code: "SKI",
        nouns: &[
            "Face Cream",
            "Cleansing Oil",
            "Serum",
            "Hand Balm",
            "Body Lotion",
        ],
        option: "Volume",
        sizes: VOLUMES,
        price: (890, 8_900),
    },
    Line {
        product_type: "Home",
        code: "HOM",
        nouns: &[
            "Throw",
            "Cushion",
            "Table Runner",
            "Rug",
            "Curtain",
            "Shelf",
        ],
        option: "Length",
        sizes: LENGTHS,
        price: (1_490, 34_900),
    },
];

pub(super) const ADJECTIVES: &[&str] = &[
    "Classic", "Everyday", "Coastal", "Northern", "Quiet", "Heritage", "Relaxed", "Slow", "Alpine",
    "Midnight", "Garden", "Harbour", "Meadow", "Studio", "Market", "Sunday", "Field", "Cedar",
];

pub(super) const MATERIALS: &[&str] = &[
    "Linen",
    "Organic Cotton",
    "Merino",
    "Recycled",
    "Oak",
    "Canvas",
    "Bamboo",
    "Wool",
    "Hemp",
    "Ceramic",
    "Natural",
    "Brushed",
];

pub(super) const VENDORS: &[&str] = &[
    "Aldermoor",
    "Bright & Lowe",
    "Casa Verde",
    "Dunlin",
    "Ember Works",
    "Fjellbekk",
    "Halyard",
    "Ivo Studio",
    "Juniper Row",
    "Kestrel",
    "Lumen Goods",
    "Marram",
];

pub(super) const COLOURS: &[&str] = &[
    "Black", "White", "Navy", "Sand", "Olive", "Rust", "Sky", "Plum", "Charcoal", "Moss", "Clay",
    "Ivory", "Teal", "Ochre",
];

pub(super) const TAGS: &[&str] = &[
    "new",
    "bestseller",
    "summer",
    "winter",
    "gift",
    "outlet",
    "organic",
    "limited",
    "handmade",
];

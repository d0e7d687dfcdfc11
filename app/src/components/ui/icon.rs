use leptos::prelude::*;

/// The console's pictures: strokes on a field of 24 by 24.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Icon {
    Alert,
    ArrowRight,
    Bolt,
    Box,
    Check,
    CheckCircle,
    ChevronDown,
    ChevronLeft,
    ChevronRight,
    ChevronsUpDown,
    Close,
    Copy,
    Dots,
    Download,
    Eye,
    EyeOff,
    History,
    Info,
    Key,
    Menu,
    Monitor,
    Moon,
    Pause,
    Pencil,
    Picture,
    Play,
    Plug,
    Plus,
    Search,
    Settings,
    SignOut,
    Stop,
    Store,
    Sun,
    Swap,
    Sync,
    Tag,
    Undo,
    Unplug,
    Upload,
}

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Self::Alert => "M12 4 2.8 19.5h18.4ZM12 10v4M12 16.9v.1",
            Self::ArrowRight => "M5 12h14M13 6l6 6-6 6",
            Self::Bolt => "M13 3 5 13.5h5.5L10 21l8.5-11H13Z",
            Self::Box => "M12 3l8 4.5v9L12 21l-8-4.5v-9ZM4.3 7.7 12 12l7.7-4.3M12 12v9",
            Self::Check => "M5 12.5l4.5 4.5L19 7.5",
            Self::CheckCircle => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM8 12.3l2.8 2.8L16 9.8",
            Self::ChevronDown => "M6 9.5l6 6 6-6",
            Self::ChevronLeft => "M14.5 6l-6 6 6 6",
            Self::ChevronRight => "M9.5 6l6 6-6 6",
            Self::ChevronsUpDown => "M8 9.5l4-4 4 4M8 14.5l4 4 4-4",
            Self::Close => "M6 6l12 12M18 6 6 18",
            Self::Copy => "M9 9h10.5v11H9ZM15 9V4H4.5v11H9",
            Self::Dots => {
                "M6.5 12a1 1 0 1 1-2 0 1 1 0 0 1 2 0ZM13 12a1 1 0 1 1-2 0 1 1 0 0 1 2 0Z\
                 M19.5 12a1 1 0 1 1-2 0 1 1 0 0 1 2 0Z"
            }
            Self::Download => "M12 4.5V16M7 11.5l5 5 5-5M4.5 15v4.5h15V15",
            Self::Eye => {
                "M2.5 12C4.5 8 8 5.5 12 5.5S19.5 8 21.5 12c-2 4-5.5 6.5-9.5 6.5\
                 S4.5 16 2.5 12ZM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z"
            }
            Self::EyeOff => {
                "M4 4l16 16M9.9 5.8c5-1.2 9.2 1.4 11.6 6.2a13 13 0 0 1-2.7 3.6\
                 M6.3 7.6A12.6 12.6 0 0 0 2.5 12c2.8 5.4 8.3 7.9 13.7 5.6M10 10a3 3 0 0 0 4 4"
            }
            Self::History => "M4 4.5v5.5h5.5M4.6 10a8 8 0 1 1-.5 4M12 8v4.5l3 1.8",
            Self::Info => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 11v5.5M12 7.6v.1",
            Self::Key => {
                "M15 4.5a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6Z\
                 M11.5 12.8 4 20.3M7 17.3l2.5 2.5"
            }
            Self::Menu => "M4 7h16M4 12h16M4 17h16",
            Self::Monitor => "M4 5h16v11H4ZM9 20h6M12 16v4",
            Self::Moon => "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5Z",
            Self::Pause => "M9 6v12M15 6v12",
            Self::Pencil => "M5 19l.8-4L16 4.8 19.2 8 9 18.2Z",
            Self::Picture => "M4 5h16v14H4ZM4 16l4.5-4.5 4 4L15 13l5 5M14.5 9.2v.1",
            Self::Play => "M8 5.5v13L18.5 12Z",
            Self::Plug => "M9 3v5M15 3v5M6.5 8h11v3.5a5.5 5.5 0 0 1-11 0ZM12 17v4",
            Self::Plus => "M12 5v14M5 12h14",
            Self::Search => "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM15.3 15.3 20 20",
            Self::Settings => {
                "M4 7.5h8.5M17.5 7.5H20M15 5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z\
                 M4 16.5h2.5M11.5 16.5H20M9 14a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z"
            }
            Self::SignOut => "M14 4H5v16h9M10 12h11M17.5 8.5 21 12l-3.5 3.5",
            Self::Stop => "M7 7h10v10H7Z",
            Self::Store => {
                "M4 9.5 5.5 4h13L20 9.5a2.7 2.7 0 0 1-5.3 0 2.7 2.7 0 0 1-5.4 0\
                 a2.7 2.7 0 0 1-5.3 0ZM5.5 12.5V20h13v-7.5"
            }
            Self::Sun => {
                "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2\
                 M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4"
            }
            Self::Swap => "M4 8.5h14M14 4.5l4 4-4 4M20 15.5H6M10 11.5l-4 4 4 4",
            Self::Sync => {
                "M20 4.5V10h-5.5M4 19.5V14h5.5M19.5 10A8 8 0 0 0 5 8M4.5 14A8 8 0 0 0 19 16"
            }
            Self::Tag => "M4 4h8l8.5 8.5-8 8L4 12ZM8 8v.1",
            Self::Undo => "M8 5 4 9l4 4M4 9h10a5.5 5.5 0 0 1 0 11h-3",
            Self::Upload => "M12 16V4.5M7 9l5-5 5 5M4.5 15v4.5h15V15",
            Self::Unplug => {
                "M4 20l4-4M20 4l-4 4M7.5 10.5l6 6-1.8 1.8a4.2 4.2 0 0 1-6-6Z\
                 M16.5 13.5l-6-6 1.8-1.8a4.2 4.2 0 0 1 6 6Z"
            }
        }
    }
}

/// Draws an icon. It is decoration: the words beside it, or the label of what
/// holds it, say the same.
#[component]
pub(crate) fn Glyph(
    /// Which.
    #[prop(into)]
    icon: Signal<Icon>,
    /// Further classes.
    #[prop(optional)]
    class: &'static str,
) -> impl IntoView {
    view! {
        <svg class=format!("icon {class}") viewBox="0 0 24 24" aria-hidden="true">
            <path d=move || icon.get().path() />
        </svg>
    }
}
